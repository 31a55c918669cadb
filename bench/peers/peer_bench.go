// The Go side of the benchmarks: the same work as pitboss-bench, as a Go program would do it: a goroutine for a process,
// a buffered channel for a mailbox. Those of bench/rt are in peer_rt.go. peer_go NAME [ARGUMENT...] prints `metric value` lines; a wrong result panics.
package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

func number(i int) int {
	n, err := strconv.Atoi(os.Args[i])
	if err != nil {
		panic(err)
	}
	return n
}

func report(metric string, value float64) { fmt.Printf("%s %.3f\n", metric, value) }

func rate(metric string, n int, start time.Time) {
	report(metric, float64(n)/time.Since(start).Seconds())
}

func check(ok bool) {
	if !ok {
		panic("wrong result")
	}
}

func residentBytes() float64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		panic(err)
	}
	for _, line := range strings.Split(string(text), "\n") {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "VmRSS:" {
			kib, _ := strconv.Atoi(f[1])
			return float64(kib) * 1024
		}
	}
	panic("no VmRSS")
}

func spawn(n int) {
	var all sync.WaitGroup
	start := time.Now()
	all.Add(n)
	for i := 0; i < n; i++ {
		go all.Done()
	}
	all.Wait()
	rate("spawns_per_s", n, start)
}

// Each has a channel of its own, as a process has a mailbox.
func spawnIdle(n int) {
	before := residentBytes()
	boxes := make([]chan int, n)
	var up atomic.Int64
	start := time.Now()
	for i := range boxes {
		box := make(chan int)
		boxes[i] = box
		go func() {
			up.Add(1)
			<-box
		}()
	}
	for up.Load() < int64(n) {
		time.Sleep(time.Millisecond)
	}
	rate("spawns_per_s", n, start)
	time.Sleep(200 * time.Millisecond)
	report("rss_bytes_per_process", (residentBytes()-before)/float64(n))
	boxes[0] <- 1
}

type question struct {
	n     int
	reply chan int
}

func pingPong(n int) {
	answers, questions := make(chan int), make(chan question)
	go func() {
		for q := range questions {
			q.reply <- q.n
		}
	}()
	done := make(chan int)
	start := time.Now()
	go func() {
		for i := 0; i < n; i++ {
			questions <- question{i, answers}
			check(<-answers == i)
		}
		done <- n
	}()
	check(<-done == n)
	rate("msgs_per_s", 2*n, start)
}

func threadRing(n, hops int) {
	done := make(chan int)
	head := make(chan int, 1)
	in := head
	for i := 0; i < n; i++ {
		out := make(chan int, 1)
		if i == n-1 {
			out = head
		}
		go func(in, out chan int) {
			for left := range in {
				if left == 0 {
					done <- 1
				} else {
					out <- left - 1
				}
			}
		}(in, out)
		in = out
	}
	start := time.Now()
	head <- hops
	<-done
	rate("hops_per_s", hops, start)
}

func counting(producers, n, room int) {
	box, done := make(chan int, room), make(chan int)
	start := time.Now()
	go func() {
		sum := 0
		for i := 0; i < producers*n; i++ {
			sum += <-box
		}
		done <- sum
	}()
	for p := 0; p < producers; p++ {
		go func() {
			for i := 0; i < n; i++ {
				box <- 1
			}
		}()
	}
	check(<-done == producers*n)
	rate("msgs_per_s", producers*n, start)
}

func call(clients, n int) {
	box := make(chan question, 128)
	go func() {
		next := 0
		for q := range box {
			q.reply <- next
			next++
		}
	}()
	each := n / clients
	var all sync.WaitGroup
	all.Add(clients)
	start := time.Now()
	for c := 0; c < clients; c++ {
		go func() {
			reply, last := make(chan int, 1), -1
			for i := 0; i < each; i++ {
				box <- question{0, reply}
				got := <-reply
				check(got > last)
				last = got
			}
			all.Done()
		}()
	}
	all.Wait()
	rate("calls_per_s", clients*each, start)
}

func main() {
	switch os.Args[1] {
	case "spawn":
		spawn(number(2))
	case "spawn_idle":
		spawnIdle(number(2))
	case "ping_pong":
		pingPong(number(2))
	case "thread_ring":
		threadRing(number(2), number(3))
	case "counting":
		counting(number(2), number(3), number(4))
	case "call":
		call(number(2), number(3))
	default:
		realTime(os.Args[1])
	}
}
