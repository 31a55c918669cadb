// The Go side of bench/rt, in the same program as peer_bench.go.
package main

import (
	"math"
	"os"
	"runtime"
	"sort"
	"sync"
	"sync/atomic"
	"time"
)

func lcg(x uint32) uint32 { return (x*1103515245 + 12345) & 0x7fffffff }

func percentiles(prefix string, samples []time.Duration, withCount bool) {
	sort.Slice(samples, func(i, j int) bool { return samples[i] < samples[j] })
	if withCount {
		report(prefix+"_n", float64(len(samples)))
	}
	for _, q := range []struct {
		suffix string
		share  float64
	}{{"_p50", 0.5}, {"_p99", 0.99}, {"_p999", 0.999}, {"_max", 1}} {
		i := int(math.Ceil(q.share*float64(len(samples)))) - 1
		if i < 0 {
			i = 0
		}
		report(prefix+q.suffix, float64(samples[i].Nanoseconds())/1000)
	}
}

func fairness(hogs, seconds int) {
	for i := 0; i < hogs; i++ {
		go func() {
			for x := uint32(1); ; x = x*31 + 7 {
			}
		}()
	}
	box, me := make(chan question, 1), make(chan int, 1)
	go func() {
		for q := range box {
			q.reply <- q.n
		}
	}()
	var late, roundTrip, response []time.Duration
	end := time.Now().Add(time.Duration(seconds) * time.Second)
	for n := 0; ; n++ {
		asleep := time.Now()
		time.Sleep(time.Millisecond)
		awake := time.Now()
		box <- question{n, me}
		check(<-me == n)
		answered := time.Now()
		if answered.After(end) {
			break
		}
		late = append(late, awake.Sub(asleep)-time.Millisecond)
		roundTrip = append(roundTrip, answered.Sub(awake))
		response = append(response, answered.Sub(asleep)-time.Millisecond)
	}
	percentiles("timer_late_us", late, true)
	percentiles("rtt_us", roundTrip, true)
	percentiles("response_us", response, true)
}

func timers(n, mostMs int) {
	late := make([]time.Duration, n)
	var all sync.WaitGroup
	all.Add(n)
	x := uint32(42)
	start := time.Now()
	for i := 0; i < n; i++ {
		x = lcg(x)
		i, wait := i, time.Duration(int(x>>8)%mostMs+1)*time.Millisecond
		due := time.Now().Add(wait)
		time.AfterFunc(wait, func() {
			late[i] = time.Since(due)
			all.Done()
		})
	}
	rate("starts_per_s", n, start)
	all.Wait()
	rate("fired_per_s", n, start)
	percentiles("late_us", late, false)
	check(late[0] >= 0)
}

func timersCancel(n int) {
	start := time.Now()
	for i := 0; i < n; i++ {
		check(time.AfterFunc(5*time.Second, func() { panic("fired") }).Stop())
	}
	rate("start_cancel_per_s", n, start)
}

func spike(n int) {
	servers := make([]chan question, 1000)
	for i := range servers {
		box := make(chan question, 1024)
		servers[i] = box
		go func() {
			for q := range box {
				q.reply <- q.n
			}
		}()
	}
	var all sync.WaitGroup
	all.Add(n)
	start := time.Now()
	for i := 0; i < n; i++ {
		go func(i int) {
			me := make(chan int, 1)
			servers[i%1000] <- question{i, me}
			check(<-me == i)
			all.Done()
		}(i)
	}
	all.Wait()
	rate("requests_per_s", n, start)
}

func flat(places, hops int) {
	boxes := make([]chan int, places)
	for i := range boxes {
		boxes[i] = make(chan int, 64)
	}
	done := make(chan int, 64)
	for i := range boxes {
		go func(i int) {
			x := uint32(i + 1)
			for left := range boxes[i] {
				if left == 1 {
					done <- 1
					continue
				}
				x = lcg(x)
				boxes[int(x>>8)%places] <- left - 1
			}
		}(i)
	}
	start := time.Now()
	for i := 0; i < 64; i++ {
		boxes[i*(places/64)] <- hops / 64
	}
	for i := 0; i < 64; i++ {
		<-done
	}
	rate("msgs_per_s", hops/64*64, start)
}

// A mailbox is a channel of 1,000, and whoever finds it full waits (block) or does without (drop_newest).
func overload(policy string, percent, ms int) {
	perSecond := 100000 * percent / 100
	n := perSecond * ms / 1000
	latencies := make([]time.Duration, 0, n)
	box, done := make(chan time.Time, 1000), make(chan int)
	before := residentBytes()
	dropped := int64(0)
	start := time.Now()
	go func() {
		for due := range box {
			for begin := time.Now(); time.Since(begin) < 10*time.Microsecond; {
			}
			latencies = append(latencies, time.Since(due))
		}
		done <- 1
	}()
	go func() {
		for i := 0; i < n; i++ {
			due := start.Add(time.Duration(float64(i) * 1e9 / float64(perSecond)))
			for time.Now().Before(due) {
				runtime.Gosched()
			}
			switch policy {
			case "block":
				box <- due
			case "drop_newest":
				select {
				case box <- due:
				default:
					atomic.AddInt64(&dropped, 1)
				}
			default:
				panic("no such policy: " + policy)
			}
		}
		close(box)
	}()
	<-done
	served := len(latencies)
	check(served+int(dropped) == n)
	rate("served_per_s", served, start)
	report("offered_per_s", float64(perSecond))
	report("dropped_percent", 100*float64(dropped)/float64(n))
	report("memory_growth_bytes", residentBytes()-before)
	percentiles("latency_us", latencies, false)
}

func realTime(name string) {
	switch name {
	case "fairness":
		fairness(number(2), number(3))
	case "timers":
		timers(number(2), number(3))
	case "timers_cancel":
		timersCancel(number(2))
	case "spike":
		spike(number(2))
	case "flat":
		flat(number(2), number(3))
	case "overload":
		overload(os.Args[2], number(3), number(4))
	default:
		panic("no such benchmark: " + name)
	}
}
