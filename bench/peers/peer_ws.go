// WebSocket for bench/net, by gorilla/websocket, the usual library of Go programs: every message comes back as it was.
// peer_ws_go PORT serves until it is ended.
package main

import (
	"net/http"
	"os"

	"github.com/gorilla/websocket"
)

var upgrader = websocket.Upgrader{ReadBufferSize: 16384, WriteBufferSize: 16384}

func echo(w http.ResponseWriter, r *http.Request) {
	c, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer c.Close()
	c.SetReadLimit(1 << 20)
	for {
		kind, message, err := c.ReadMessage()
		if err != nil {
			return
		}
		if err = c.WriteMessage(kind, message); err != nil {
			return
		}
	}
}

func main() {
	http.HandleFunc("/", echo)
	panic(http.ListenAndServe("127.0.0.1:"+os.Args[1], nil))
}
