%% The Erlang side of bench/rt: the same work, as an Erlang program would do it. Its tools are peer_bench's.
%% erl -noinput -pa DIR -run peer_rt main NAME [ARGUMENT...]; prints `metric value` lines; status 1 if a result is wrong.
-module(peer_rt).
-export([main/1]).
-import(peer_bench, [await/1, now_ns/0, percentiles/2, rate/3, repeat/2, report/2, resident_bytes/0]).

-define(MS, 1000000).

main([Name | Arguments]) ->
    peer_bench:run_and_halt(fun() -> run(Name, [number(A) || A <- Arguments]) end).

number(Text) ->
    try list_to_integer(Text) catch error:badarg -> Text end.

run("fairness", [Priority, Hogs, Seconds]) -> fairness(list_to_atom(Priority), Hogs, Seconds);
run("timers", [N, MostMs]) -> timers(N, MostMs);
run("timers_cancel", [N]) -> timers_cancel(N);
run("spike", [N]) -> spike(N);
run("flat", [Places, Hops]) -> flat(Places, Hops);
run("overload", ["none", Percent, Ms]) -> overload(Percent, Ms).

lcg(X) -> (X * 1103515245 + 12345) band 16#7fffffff.

%% ---- fairness

fairness(Priority, Hogs, Seconds) ->
    repeat(Hogs, fun() -> spawn(fun() -> hog(1) end) end),
    First = self(),
    End = now_ns() + Seconds * 1000 * ?MS,
    spawn_opt(
        fun() ->
            Echo = spawn_opt(fun echo/0, [link, {priority, Priority}]),
            First ! {samples, watch(Echo, End, 0, [])}
        end,
        [link, {priority, Priority}]
    ),
    Samples = receive {samples, S} -> S end,
    percentiles("timer_late_us", [Awake - Asleep - ?MS || {Asleep, Awake, _} <- Samples]),
    percentiles("rtt_us", [Answered - Awake || {_, Awake, Answered} <- Samples]),
    percentiles("response_us", [Answered - Asleep - ?MS || {Asleep, _, Answered} <- Samples]).

hog(X) -> hog((X * 31 + 7) band 16#ffffff).

echo() -> receive {poke, From, N} -> From ! {poke, N}, echo() end.

watch(Echo, End, N, Samples) ->
    Asleep = now_ns(),
    receive after 1 -> ok end,
    Awake = now_ns(),
    Echo ! {poke, self(), N},
    receive {poke, N} -> ok end,
    case now_ns() of
        Answered when Answered < End -> watch(Echo, End, N + 1, [{Asleep, Awake, Answered} | Samples]);
        _ -> Samples
    end.

%% ---- timers

timers(N, MostMs) ->
    First = self(),
    Receiver = spawn_opt(fun() -> First ! {late, alarms(N, [])} end, [link, {message_queue_data, off_heap}]),
    Start = now_ns(),
    start_timers(N, MostMs, 42, Receiver),
    rate("starts_per_s", N, Start),
    Late = receive {late, L} -> L end,
    rate("fired_per_s", N, Start),
    true = lists:min(Late) >= 0,
    percentiles("late_us", Late).

start_timers(0, _, _, _) -> ok;
start_timers(N, MostMs, X0, Receiver) ->
    X = lcg(X0),
    Ms = (X bsr 8) rem MostMs + 1,
    erlang:send_after(Ms, Receiver, {alarm, now_ns() + Ms * ?MS}),
    start_timers(N - 1, MostMs, X, Receiver).

alarms(0, Late) -> Late;
alarms(N, Late) -> receive {alarm, Due} -> alarms(N - 1, [now_ns() - Due | Late]) end.

timers_cancel(N) ->
    Start = now_ns(),
    repeat(N, fun() -> true = is_integer(erlang:cancel_timer(erlang:send_after(5000, self(), alarm))) end),
    rate("start_cancel_per_s", N, Start).

%% ---- spike

spike(N) ->
    Servers = list_to_tuple([spawn(fun serve/0) || _ <- lists:seq(1, 1000)]),
    Served = atomics:new(1, []),
    First = self(),
    Start = now_ns(),
    start_requests(N, fun(I) ->
        Ref = make_ref(),
        element(I rem 1000 + 1, Servers) ! {request, self(), Ref},
        receive {response, Ref} -> ok end,
        case atomics:add_get(Served, 1, 1) of
            N -> First ! done;
            _ -> ok
        end
    end),
    await(1),
    rate("requests_per_s", N, Start).

start_requests(0, _) -> ok;
start_requests(I, Body) -> spawn(fun() -> Body(I) end), start_requests(I - 1, Body).

serve() -> receive {request, From, Ref} -> From ! {response, Ref}, serve() end.

%% ---- flat

flat(Places, Hops) ->
    First = self(),
    All = list_to_tuple([spawn(fun() -> place(I, First) end) || I <- lists:seq(1, Places)]),
    persistent_term:put(places, All),
    Heads = [element(I * (Places div 64) + 1, All) || I <- lists:seq(0, 63)],
    Start = now_ns(),
    [H ! {hop, Hops div 64} || H <- Heads],
    await(64),
    rate("msgs_per_s", Hops div 64 * 64, Start).

place(X0, First) ->
    receive
        {hop, 1} -> First ! done, place(X0, First);
        {hop, Left} ->
            X = lcg(X0),
            All = persistent_term:get(places),
            element((X bsr 8) rem tuple_size(All) + 1, All) ! {hop, Left - 1},
            place(X, First)
    end.

%% ---- overload: a mailbox has no bound here

overload(Percent, Ms) ->
    Rate = 100000 * Percent div 100,
    N = Rate * Ms div 1000,
    First = self(),
    Before = resident_bytes(),
    Server = spawn_opt(fun() -> First ! {latencies, served(N, [])} end, [link, {message_queue_data, off_heap}]),
    Start = now_ns(),
    spawn_link(fun() -> ask(Server, Start, 1.0e9 / Rate, 0, N) end),
    Latencies = receive {latencies, L} -> L end,
    rate("served_per_s", N, Start),
    report("offered_per_s", Rate),
    report("dropped_percent", 0),
    report("memory_growth_bytes", resident_bytes() - Before),
    percentiles("latency_us", Latencies).

served(0, Latencies) -> Latencies;
served(N, Latencies) ->
    receive
        {ask, Due} ->
            wait_until(now_ns() + 10000),
            served(N - 1, [now_ns() - Due | Latencies])
    end.

wait_until(Time) ->
    case now_ns() >= Time of
        true -> ok;
        false -> wait_until(Time)
    end.

ask(_, _, _, N, N) -> ok;
ask(Server, Start, Gap, I, N) ->
    Due = Start + trunc(I * Gap),
    wait_until(Due),
    Server ! {ask, Due},
    ask(Server, Start, Gap, I + 1, N).
