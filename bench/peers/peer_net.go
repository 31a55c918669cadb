// The Go side of bench/net: echo, stream and http, as a Go program would do them: a goroutine for a connection.
// peer_net_go echo|stream|http PORT serves until it is ended.
package main

import (
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"os"
)

const patternSize = 1048573 // bench/net/pattern.h

func pattern() []byte {
	table, x := make([]byte, patternSize), uint32(1)
	for i := range table {
		x = x*1664525 + 1013904223
		table[i] = byte(x >> 24)
	}
	return table
}

func echo(c net.Conn) {
	buffer := make([]byte, 65536)
	for {
		n, err := c.Read(buffer)
		if err != nil {
			return
		}
		if _, err = c.Write(buffer[:n]); err != nil {
			return
		}
	}
}

func stream(table []byte) func(net.Conn) {
	return func(c net.Conn) {
		var request [8]byte
		for {
			if _, err := io.ReadFull(c, request[:]); err != nil {
				return
			}
			from, left := uint64(binary.BigEndian.Uint32(request[:])), uint64(binary.BigEndian.Uint32(request[4:]))
			for left > 0 {
				part := table[from%patternSize:]
				if uint64(len(part)) > left {
					part = part[:left]
				}
				if _, err := c.Write(part); err != nil {
					return
				}
				from, left = from+uint64(len(part)), left-uint64(len(part))
			}
		}
	}
}

func serve(port string, connection func(net.Conn)) {
	l, err := net.Listen("tcp", "127.0.0.1:"+port)
	if err != nil {
		panic(err)
	}
	for {
		c, err := l.Accept()
		if err != nil {
			panic(err)
		}
		go func() {
			defer c.Close()
			connection(c)
		}()
	}
}

func main() {
	switch os.Args[1] {
	case "echo":
		serve(os.Args[2], echo)
	case "stream":
		serve(os.Args[2], stream(pattern()))
	case "http":
		body := []byte("Hello, World!")
		http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			w.Write(body)
		})
		panic(http.ListenAndServe("127.0.0.1:"+os.Args[2], nil))
	default:
		panic("no such server: " + os.Args[1])
	}
}
