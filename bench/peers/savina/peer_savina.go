// The Go side of bench/savina: the same work with the same parameters, in the same order, as a Go program would do it: a
// goroutine for a process, a buffered channel for a mailbox. peer_savina NAME PARAMETER... prints `metric value` lines; a
// wrong result panics.
package main

import (
	"fmt"
	"math"
	"os"
	"sort"
	"strconv"
	"sync/atomic"
	"time"
)

const mailbox = 1024

func report(start time.Time, metric string, count int) {
	d := time.Since(start)
	fmt.Printf("time_ms %.3f\n%s %.3f\n", float64(d.Nanoseconds())/1e6, metric, float64(count)/d.Seconds())
}

func expect[T comparable](what string, value, expected T) {
	if value != expected {
		panic(fmt.Sprintf("%s: %v, expected %v", what, value, expected))
	}
}

func step(x uint32) uint32 { return x*69069 + 1 }

func random(x *uint32, below int) int {
	*x = step(*x)
	return int(*x>>8) % below
}

func random60(x *uint32) uint64 {
	v := uint64(0)
	for i := 0; i < 3; i++ {
		v = v<<20 | uint64(random(x, 1<<20))
	}
	return v
}

var sink atomic.Uint32

func busy(steps int) {
	x := uint32(steps)
	for i := 0; i < steps; i++ {
		x = step(x)
	}
	if x == 1 { // so that the loop stays
		sink.Store(x)
	}
}

func compute(x float64) {
	if s := math.Sin(x); s*s <= 0 {
		panic("sin")
	}
}

func sum(done chan int, n int) int {
	total := 0
	for i := 0; i < n; i++ {
		total += <-done
	}
	return total
}

// ---- one message, or many, from one to another

func pingpong(p []int) {
	pings, pongs, done := make(chan int, 1), make(chan int, 1), make(chan int)
	start := time.Now()
	go func() {
		for i := range pings {
			pongs <- i
		}
	}()
	go func() {
		n := 0
		for ; n < p[0]; n++ {
			pings <- n
			expect("pong", <-pongs, n)
		}
		done <- n
	}()
	answered := <-done
	report(start, "msgs_per_s", 2*p[0])
	expect("pongs", answered, p[0])
}

func count(p []int) {
	box, done := make(chan bool, mailbox), make(chan int)
	start := time.Now()
	go func() {
		n := 0
		for increment := range box {
			if !increment {
				done <- n
				return
			}
			n++
		}
	}()
	for i := 0; i < p[0]; i++ {
		box <- true
	}
	box <- false
	counted := <-done
	report(start, "msgs_per_s", p[0])
	expect("counted", counted, p[0])
}

func fjthroughput(p []int) {
	workers, jobs := p[0], p[1]
	boxes, done := make([]chan float64, workers), make(chan int, workers)
	start := time.Now()
	for i := range boxes {
		box := make(chan float64, mailbox)
		boxes[i] = box
		go func() {
			for k := 0; k < jobs; k++ {
				compute(<-box)
			}
			done <- jobs
		}()
	}
	for k := 0; k < jobs; k++ {
		for _, box := range boxes {
			box <- 37.2
		}
	}
	n := sum(done, workers)
	report(start, "msgs_per_s", workers*jobs)
	expect("jobs", n, workers*jobs)
}

func fjcreate(p []int) {
	done := make(chan int, p[0])
	start := time.Now()
	for i := 0; i < p[0]; i++ {
		box := make(chan float64, 1)
		go func() {
			compute(<-box)
			done <- 1
		}()
		box <- 37.2
	}
	n := sum(done, p[0])
	report(start, "actors_per_s", p[0])
	expect("jobs", n, p[0])
}

func threadring(p []int) {
	members, hops := p[0], p[1]
	done := make(chan int)
	boxes := make([]chan int, members)
	for i := range boxes {
		boxes[i] = make(chan int, 1)
	}
	start := time.Now()
	for i := range boxes {
		box, next := boxes[i], boxes[(i+1)%members]
		go func() {
			passed := 0
			for left := range box {
				passed++
				if left == 0 {
					done <- passed
				} else {
					next <- left - 1
				}
			}
		}()
	}
	boxes[0] <- hops
	passed := <-done
	report(start, "hops_per_s", hops)
	expect("visits", passed, hops/members+1)
}

// ---- many to one, many to many

type creature struct {
	colour int
	box    chan meeting
}

type meeting struct { // partner is nil: only a colour; closed: it is over
	colour  int
	partner *creature
	closed  bool
}

func mixed(a, b int) int {
	if a == b {
		return a
	}
	return 3 - a - b
}

func chameneos(p []int) {
	creatures, meetings := p[0], p[1]
	type guest struct {
		c      *creature
		colour int
	}
	mall, done := make(chan guest, creatures), make(chan int, creatures)
	start := time.Now()
	go func() {
		var waiting *creature
		for left := meetings; ; {
			g := <-mall
			if left == 0 {
				g.c.box <- meeting{closed: true}
			} else if waiting == nil {
				waiting = g.c
			} else {
				waiting.box <- meeting{colour: g.colour, partner: g.c}
				waiting = nil
				left--
			}
		}
	}()
	for i := 0; i < creatures; i++ {
		c := &creature{i % 3, make(chan meeting, 1)}
		go func() {
			met := 0
			for {
				mall <- guest{c, c.colour}
				m := <-c.box
				if m.closed {
					done <- met
					return
				}
				met++
				if m.partner == nil {
					c.colour = m.colour
				} else {
					c.colour = mixed(c.colour, m.colour)
					m.partner.box <- meeting{colour: c.colour}
				}
			}
		}()
	}
	met := sum(done, creatures)
	report(start, "meetings_per_s", meetings)
	expect("meetings", met, 2*meetings)
}

func big(p []int) {
	processes, pings := p[0], p[1]
	type ping struct{ from, n int }
	asked, answers := make([]chan ping, processes), make([]chan int, processes)
	done := make(chan int, processes)
	start := time.Now()
	for i := range asked { // each has one question under way: no channel is ever full
		asked[i], answers[i] = make(chan ping, processes), make(chan int, 1)
	}
	for i := range asked {
		i, x := i, uint32(i+1)*7919
		go func() {
			for n := 0; n < pings; n++ {
				asked[random(&x, processes)] <- ping{i, n}
				for waits := true; waits; {
					select {
					case q := <-asked[i]:
						answers[q.from] <- q.n
					case a := <-answers[i]:
						expect("answer", a, n)
						waits = false
					}
				}
			}
			done <- pings
			for q := range asked[i] {
				answers[q.from] <- q.n
			}
		}()
	}
	answered := sum(done, processes)
	report(start, "msgs_per_s", 2*processes*pings)
	expect("answered", answered, processes*pings)
}

// ---- servers

type dictRequest struct {
	key, value uint32
	write      bool
	reply      chan uint32
}

func concdict(p []int) {
	const keys = math.MaxInt32 / 4096
	workers, requests, writePercent := p[0], p[1], p[2]
	box, done := make(chan dictRequest, workers), make(chan int, workers)
	dict := make(map[uint32]uint32, keys)
	for k := uint32(0); k < keys; k++ {
		dict[k] = k
	}
	var reads, writes int
	start := time.Now()
	go func() {
		for r := range box {
			if r.write {
				dict[r.key] = r.value
				writes++
				r.reply <- 0
			} else {
				reads++
				r.reply <- dict[r.key]
			}
		}
	}()
	for i := 0; i < workers; i++ {
		x := uint32(i+1) * 7919
		go func() {
			written, reply := 0, make(chan uint32, 1)
			for n := 0; n < requests; n++ {
				dice, key := random(&x, 100), uint32(random(&x, keys))
				if dice < writePercent {
					box <- dictRequest{key, key + keys*uint32(n%100), true, reply}
					<-reply
					written++
				} else {
					box <- dictRequest{key, 0, false, reply}
					expect("value", <-reply%keys, key)
				}
			}
			done <- written
		}()
	}
	written := sum(done, workers)
	report(start, "requests_per_s", workers*requests)
	expect("writes", writes, written)
	expect("requests", reads+writes, workers*requests)
	expect("keys", len(dict), keys)
}

func process(x float64, cost int, state *uint32) float64 {
	for i := 0; i < cost*100; i++ {
		x += math.Log(float64(random(state, 1<<20))/(1<<20) + 0.01)
	}
	return x
}

// The buffer is a channel: that is what they are for.
func boundedbuffer(p []int) {
	size, producers, consumers, items, producerCost, consumerCost := p[0], p[1], p[2], p[3], p[4], p[5]
	type item struct {
		number int
		data   float64
	}
	buffer, done := make(chan item, size), make(chan int, consumers)
	var left atomic.Int64
	left.Store(int64(producers))
	start := time.Now()
	for i := 0; i < producers; i++ {
		from, x := i*items, uint32(i*items+1)
		go func() {
			data := 0.0
			for n := 0; n < items; n++ {
				data = process(data, producerCost, &x)
				buffer <- item{from + n, data}
			}
			if left.Add(-1) == 0 {
				close(buffer)
			}
		}()
	}
	for i := 0; i < consumers; i++ {
		go func() {
			total, data, x := 0, 0.0, uint32(1)
			for it := range buffer {
				total += it.number
				data = process(data+it.data, consumerCost, &x)
			}
			expect("data", data == data, true)
			done <- total
		}()
	}
	total, all := sum(done, consumers), producers*items
	report(start, "items_per_s", all)
	expect("sum", total, all*(all-1)/2)
}

func philosophers(p []int) {
	seats, rounds := p[0], p[1]
	type request struct {
		seat  int
		reply chan bool // nil: the meal is over
	}
	box, done := make(chan request, 2*seats), make(chan int, seats)
	eaten, refused := 0, 0
	start := time.Now()
	go func() {
		taken := make([]bool, seats)
		for r := range box {
			left, right := &taken[r.seat], &taken[(r.seat+1)%seats]
			if r.reply == nil {
				expect("forks", *left && *right, true)
				*left, *right = false, false
				eaten++
			} else if may := !*left && !*right; may {
				*left, *right = true, true
				r.reply <- true
			} else {
				refused++
				r.reply <- false
			}
		}
		done <- 0
	}()
	for i := 0; i < seats; i++ {
		i := i
		go func() {
			reply := make(chan bool, 1)
			for n := 0; n < rounds; n++ {
				for may := false; !may; may = <-reply {
					box <- request{i, reply}
				}
				box <- request{i, nil}
			}
			done <- rounds
		}()
	}
	sum(done, seats)
	close(box)
	<-done
	report(start, "meals_per_s", seats*rounds)
	fmt.Printf("refused %.3f\n", float64(refused))
	expect("meals", eaten, seats*rounds)
}

type customer struct{ finished chan bool } // false: the room was full

// The waiting room is a channel; a customer who finds it full goes back to the factory, which sends him again.
func barber(p []int) {
	haircuts, size, pause, haircut := p[0], p[1], p[2], p[3]
	type news struct {
		c   *customer
		cut bool
	}
	seats, factory := make(chan *customer, size), make(chan news, haircuts)
	enter := func(c *customer) {
		select {
		case seats <- c:
		default:
			c.finished <- false
		}
	}
	start := time.Now()
	go func() {
		x := uint32(2)
		for c := range seats {
			busy(random(&x, haircut) + 10)
			c.finished <- true
		}
	}()
	x := uint32(1)
	for i := 0; i < haircuts; i++ {
		c := &customer{make(chan bool, 1)}
		go func() {
			for cut := false; !cut; {
				cut = <-c.finished
				factory <- news{c, cut}
			}
		}()
		enter(c)
		busy(random(&x, pause) + 10)
	}
	returned := 0
	for cut := 0; cut < haircuts; {
		if n := <-factory; n.cut {
			cut++
		} else {
			returned++
			enter(n.c)
		}
	}
	report(start, "haircuts_per_s", haircuts)
	fmt.Printf("returned %.3f\n", float64(returned))
	expect("messages", len(factory), 0)
}

func cigsmok(p []int) {
	rounds, smokers := p[0], p[1]
	boxes, begun, done := make([]chan int, smokers), make(chan bool, 1), make(chan int, smokers)
	start := time.Now()
	for i := range boxes {
		box := make(chan int, rounds)
		boxes[i] = box
		go func() {
			smoked := 0
			for steps := range box {
				begun <- true
				busy(steps)
				smoked++
			}
			done <- smoked
		}()
	}
	x := uint32(1)
	for i := 0; i < rounds; i++ {
		who, steps := random(&x, smokers), random(&x, 1000)
		boxes[who] <- steps + 10
		<-begun
	}
	for _, box := range boxes {
		close(box)
	}
	smoked := sum(done, smokers)
	report(start, "rounds_per_s", rounds)
	expect("cigarettes", smoked, rounds)
}

func logisticmap(p []int) {
	terms, series := p[0], p[1]
	next := func(term, rate float64) float64 { return rate * term * (1 - term) }
	boxes, results := make([]chan bool, series), make([]chan float64, series)
	start := time.Now()
	for i := range boxes {
		rate, term := 3.46+float64(i)*0.0025, float64(i)*0.0025
		box, result := make(chan bool, mailbox), make(chan float64, 1)
		ask, answer := make(chan float64, 1), make(chan float64, 1)
		boxes[i], results[i] = box, result
		go func() {
			for t := range ask {
				answer <- next(t, rate)
			}
		}()
		go func() {
			for range box {
				ask <- term
				term = <-answer
			}
			result <- term
		}()
	}
	for k := 0; k < terms; k++ {
		for _, box := range boxes {
			box <- true
		}
	}
	last := make([]float64, series)
	for i := range boxes {
		close(boxes[i])
		last[i] = <-results[i]
	}
	report(start, "terms_per_s", terms*series)
	for i := range last {
		rate, term := 3.46+float64(i)*0.0025, float64(i)*0.0025
		for k := 0; k < terms; k++ {
			term = next(term, rate)
		}
		expect("term", last[i], term)
	}
}

type account struct {
	debits  chan debit
	credits chan credit
	balance chan int
}

type debit struct {
	amount int
	reply  chan bool
}

type credit struct {
	to     *account
	amount int
}

// No two accounts ever ask each other: money moves to higher numbers only.
func (a *account) serve(done chan int) {
	balance, reply := 1000000000, make(chan bool, 1)
	for {
		select {
		case d := <-a.debits:
			balance += d.amount
			d.reply <- true
		case c := <-a.credits:
			balance -= c.amount
			c.to.debits <- debit{c.amount, reply}
			<-reply
			done <- 1
		case a.balance <- balance:
		}
	}
}

func banking(p []int) {
	count, transactions := p[0], p[1]
	accounts, expected, done := make([]*account, count), make([]int, count), make(chan int, transactions)
	start := time.Now()
	for i := range accounts {
		accounts[i] = &account{make(chan debit, mailbox), make(chan credit, mailbox), make(chan int)}
		go accounts[i].serve(done)
	}
	x := uint32(123456)
	for i := 0; i < transactions; i++ {
		from := random(&x, count/10*8)
		to := from + 1 + random(&x, count-from-1)
		amount := random(&x, 1000)
		expected[from] -= amount
		expected[to] += amount
		accounts[from].credits <- credit{accounts[to], amount}
	}
	n := sum(done, transactions)
	report(start, "transactions_per_s", transactions)
	expect("transactions", n, transactions)
	for i, a := range accounts {
		expect("balance", <-a.balance, 1000000000+expected[i])
	}
}

// ---- work in parallel

// As ours: neither growing slices nor sort.Slice, which swaps by reflection (half as much time again).
func split(numbers []uint64, pivot uint64) (smaller, greater []uint64) {
	both := make([]uint64, len(numbers))
	i, k := 0, len(both)
	for _, n := range numbers {
		if n < pivot {
			both[i] = n
			i++
		} else if n > pivot {
			k--
			both[k] = n
		}
	}
	return both[:i], both[k:]
}

func sortInPlace(a []uint64) {
	for len(a) > 16 {
		pivot, i, k := a[len(a)/2], 0, len(a)-1
		for ; ; i, k = i+1, k-1 {
			for a[i] < pivot {
				i++
			}
			for a[k] > pivot {
				k--
			}
			if i >= k {
				break
			}
			a[i], a[k] = a[k], a[i]
		}
		sortInPlace(a[:k+1]) // never all: the pivot is not the last
		a = a[k+1:]
	}
	for i := 1; i < len(a); i++ {
		x, k := a[i], i
		for ; k > 0 && a[k-1] > x; k-- {
			a[k] = a[k-1]
		}
		a[k] = x
	}
}

func sorted(numbers []uint64) []uint64 {
	if len(numbers) < 2048 {
		s := append([]uint64(nil), numbers...)
		sortInPlace(s)
		return s
	}
	pivot := numbers[len(numbers)/2]
	left, right := make(chan []uint64, 1), make(chan []uint64, 1)
	smaller, greater := split(numbers, pivot)
	go func() { left <- sorted(smaller) }()
	go func() { right <- sorted(greater) }()
	s := append(make([]uint64, 0, len(numbers)), <-left...)
	for len(s) < len(numbers)-len(greater) {
		s = append(s, pivot)
	}
	return append(s, <-right...)
}

func quicksort(p []int) {
	numbers, x, total := make([]uint64, p[0]), uint32(1024), uint64(0)
	for i := range numbers {
		numbers[i] = random60(&x)
		total += numbers[i]
	}
	start := time.Now()
	s := sorted(numbers)
	report(start, "numbers_per_s", p[0])
	for _, n := range s {
		total -= n
	}
	expect("sum", total, 0)
	expect("count", len(s), p[0])
	expect("order", sort.SliceIsSorted(s, func(i, j int) bool { return s[i] < s[j] }), true)
}

func filter(box chan int, room int, before int, done chan int) {
	primes, next := make([]int, 0, room), chan int(nil)
candidates:
	for n := range box {
		for _, p := range primes {
			if n%p == 0 {
				continue candidates
			}
		}
		if len(primes) < room {
			primes = append(primes, n)
			continue
		}
		if next == nil {
			next = make(chan int, mailbox)
			go filter(next, room, before+room, done)
		}
		next <- n
	}
	if next == nil {
		done <- before + len(primes)
	} else {
		close(next)
	}
}

func sieve(p []int) {
	box, done := make(chan int, mailbox), make(chan int)
	start := time.Now()
	go filter(box, p[1], 0, done)
	box <- 2
	for n := 3; n < p[0]; n += 2 {
		box <- n
	}
	close(box)
	primes := <-done
	report(start, "candidates_per_s", p[0]/2)
	expected := 0
	for n := 2; n < p[0]; n++ {
		prime := true
		for d := 2; d*d <= n && prime; d++ {
			prime = n%d != 0
		}
		if prime {
			expected++
		}
	}
	expect("primes", primes, expected)
}

type board struct {
	depth   int
	columns [20]int8
}

func (b *board) fits(c int8) bool {
	for i := 0; i < b.depth; i++ {
		d := int(b.columns[i]) - int(c)
		if d == 0 || d == b.depth-i || d == i-b.depth {
			return false
		}
	}
	return true
}

func (b *board) solve(size int, solution func()) {
	if b.depth == size {
		solution()
		return
	}
	for c := int8(0); int(c) < size; c++ {
		if b.fits(c) {
			b.columns[b.depth] = c
			b.depth++
			b.solve(size, solution)
			b.depth--
		}
	}
}

func nqueens(p []int) {
	size, workers, threshold := p[0], p[1], p[2]
	type answer struct {
		kind  int // 0: a board, 1: a solution, 2: a board is finished
		board board
	}
	master := make(chan answer, mailbox)
	boxes := make([]chan board, workers)
	start := time.Now()
	for i := range boxes {
		box := make(chan board, 1<<16) // so that the master never waits for a worker that waits for it
		boxes[i] = box
		go func() {
			for b := range box {
				if b.depth >= threshold {
					b.solve(size, func() { master <- answer{kind: 1} })
				} else {
					for c := int8(0); int(c) < size; c++ {
						if b.fits(c) {
							next := b
							next.columns[b.depth] = c
							next.depth++
							master <- answer{0, next}
						}
					}
				}
				master <- answer{kind: 2}
			}
		}()
	}
	boxes[0] <- board{}
	solutions, next := 0, 0
	for underWay := 1; underWay > 0; {
		switch a := <-master; a.kind {
		case 0:
			next++
			boxes[next%workers] <- a.board
			underWay++
		case 1:
			solutions++
		case 2:
			underWay--
		}
	}
	report(start, "solutions_per_s", solutions)
	expect("solutions", solutions, []int{1, 1, 0, 0, 2, 10, 4, 40, 92, 352, 724, 2680, 14200, 73712, 365596}[size])
}

func fibActor(n int, parent chan int) {
	if n <= 2 {
		parent <- 1
		return
	}
	box := make(chan int, 2)
	go fibActor(n-1, box)
	go fibActor(n-2, box)
	parent <- <-box + <-box
}

func fib(p []int) {
	a, b := 1, 1
	for i := 2; i < p[0]; i++ {
		a, b = b, a+b
	}
	box := make(chan int, 1)
	start := time.Now()
	go fibActor(p[0], box)
	value := <-box
	report(start, "actors_per_s", 2*b-1)
	expect("fib", value, b)
}

type node struct {
	parent chan int   // takes the counts of 10 children
	box    chan grant // one grant, and the traversal: urgent is -1
}

type grant struct{ steps, urgent int }

func (n *node) live(root chan *node, steps int) {
	busy(100)
	root <- n
	g := <-n.box
	if g.urgent < 0 {
		busy(steps)
		n.parent <- 1
		return
	}
	counts := make(chan int, 10)
	children := make([]*node, 10)
	for i := range children {
		children[i] = &node{counts, make(chan grant, 1)}
		go children[i].live(root, g.steps)
	}
	<-n.box
	busy(steps)
	traverse(children, g.urgent)
	n.parent <- 1 + sum(counts, 10)
}

func traverse(children []*node, urgent int) {
	children[urgent].box <- grant{urgent: -1}
	for i, c := range children {
		if i != urgent {
			c.box <- grant{urgent: -1}
		}
	}
}

func normal(x *uint32, average, deviation int) int {
	s := -6000
	for i := 0; i < 12; i++ {
		s += random(x, 1000)
	}
	return max(1, average+s*deviation/1000)
}

func max(a, b int) int {
	if a > b {
		return a
	}
	return b
}

func uct(p []int) {
	nodes, average, deviation, urgentPercent := p[0], p[1], p[2], p[3]
	root, counts := make(chan *node, mailbox), make(chan int, 10)
	x, size, children := uint32(2), 11, make([]*node, 10)
	start := time.Now()
	steps := normal(&x, average, deviation)
	for i := range children {
		children[i] = &node{counts, make(chan grant, 1)}
		go children[i].live(root, steps)
	}
	for unanswered := 10; unanswered > 0; unanswered-- {
		who := <-root
		if size+10 > nodes || random(&x, 2) == 0 {
			continue
		}
		g := grant{steps: normal(&x, average, deviation)}
		if random(&x, 100) < urgentPercent {
			g.urgent = random(&x, 10)
		}
		who.box <- g
		size += 10
		unanswered += 10
	}
	traverse(children, 0)
	counted := 1 + sum(counts, 10)
	report(start, "nodes_per_s", size)
	expect("nodes", counted, size)
}

func main() {
	all := map[string]func([]int){"pingpong": pingpong, "count": count, "fjthroughput": fjthroughput, "fjcreate": fjcreate,
		"threadring": threadring, "chameneos": chameneos, "big": big, "concdict": concdict, "boundedbuffer": boundedbuffer,
		"philosophers": philosophers, "barber": barber, "cigsmok": cigsmok, "logisticmap": logisticmap, "banking": banking,
		"quicksort": quicksort, "sieve": sieve, "nqueens": nqueens, "fib": fib, "uct": uct}
	if len(os.Args) < 2 || all[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: peer_savina NAME PARAMETER...")
		os.Exit(2)
	}
	var params []int
	for _, a := range os.Args[2:] {
		n, err := strconv.Atoi(a)
		if err != nil {
			panic(err)
		}
		params = append(params, n)
	}
	all[os.Args[1]](params)
}
