%% The Erlang side of the benchmarks: the same work as pitboss-bench, as an Erlang program would do it.
%% erl -noinput -pa DIR -run peer_bench main NAME [ARGUMENT...]; prints `metric value` lines; status 1 if a result is wrong.
-module(peer_bench).
-export([main/1, wait_for_ever/0]).
%% For peer_rt.
-export([await/1, now_ns/0, percentiles/2, rate/3, repeat/2, report/2, resident_bytes/0, run_and_halt/1]).

main([Name | Arguments]) -> run_and_halt(fun() -> run(Name, Arguments) end).

run_and_halt(Benchmark) ->
    spawn(fun() ->
        try
            Benchmark(),
            halt(0)
        catch
            Class:What:Stack ->
                io:format(standard_error, "~p: ~p ~p~n", [Class, What, Stack]),
                halt(1)
        end
    end).

run("spawn", [N]) -> spawn_and_end(list_to_integer(N));
run("spawn_idle", [Kind, N]) -> spawn_idle(Kind, list_to_integer(N));
run("ping_pong", [N]) -> ping_pong(list_to_integer(N));
run("thread_ring", [N, Hops]) -> thread_ring(list_to_integer(N), list_to_integer(Hops));
run("counting", [Queue, P, N]) -> counting(list_to_atom(Queue), list_to_integer(P), list_to_integer(N));
run("call", [Clients, N]) -> call(list_to_integer(Clients), list_to_integer(N));
run("supervisor_restart", [N]) -> supervisor_restart(list_to_integer(N)).

%% ---- spawn

spawn_and_end(N) ->
    Counter = atomics:new(1, []),
    First = self(),
    Body = fun() ->
        case atomics:add_get(Counter, 1, 1) of
            N -> First ! done;
            _ -> ok
        end
    end,
    Start = now_ns(),
    repeat(N, fun() -> spawn(Body) end),
    await(1),
    rate("spawns_per_s", N, Start).

spawn_idle(Kind, N) ->
    Counter = atomics:new(1, []),
    Before = resident_bytes(),
    Start = now_ns(),
    repeat(N, starter(Kind, Counter)),
    wait_until(fun() -> atomics:get(Counter, 1) =:= N end),
    rate("spawns_per_s", N, Start),
    timer:sleep(200),
    report("rss_bytes_per_process", (resident_bytes() - Before) / N).

starter("plain", Counter) ->
    fun() -> spawn(fun() -> atomics:add(Counter, 1, 1), wait_for_ever() end) end;
starter("hibernate", Counter) ->
    fun() ->
        spawn(fun() ->
            atomics:add(Counter, 1, 1),
            erlang:hibernate(?MODULE, wait_for_ever, [])
        end)
    end.

wait_for_ever() -> receive never -> ok end.

%% ---- one message at a time

ping_pong(N) ->
    First = self(),
    Pong = spawn_link(fun pong/0),
    Start = now_ns(),
    spawn_link(fun() -> ping(Pong, N), First ! done end),
    await(1),
    rate("msgs_per_s", 2 * N, Start).

pong() -> receive {ping, From, I} -> From ! {pong, I}, pong() end.

ping(_, 0) -> ok;
ping(Pong, I) ->
    Pong ! {ping, self(), I},
    receive {pong, I} -> ping(Pong, I - 1) end.

thread_ring(N, Hops) ->
    First = self(),
    Last = spawn_link(fun() -> receive {next, Next} -> member(Next, First) end end),
    Head = lists:foldl(fun(_, Next) -> spawn_link(fun() -> member(Next, First) end) end, Last, lists:seq(2, N)),
    Last ! {next, Head},
    Start = now_ns(),
    Head ! Hops,
    await(1),
    rate("hops_per_s", Hops, Start).

member(Next, First) ->
    receive
        0 -> First ! done;
        Left -> Next ! Left - 1
    end,
    member(Next, First).

%% ---- many to one

counting(Queue, Producers, N) ->
    First = self(),
    Start = now_ns(),
    Counter = spawn_opt(
        fun() -> First ! {total, count(Producers * N, 0)} end,
        [link, {message_queue_data, Queue}]
    ),
    repeat(Producers, fun() -> spawn_link(fun() -> repeat(N, fun() -> Counter ! {add, 1} end) end) end),
    Total = Producers * N,
    receive {total, Total} -> ok end,
    rate("msgs_per_s", Total, Start).

count(0, Sum) -> Sum;
count(Left, Sum) -> receive {add, Amount} -> count(Left - 1, Sum + Amount) end.

call(Clients, N) ->
    {ok, Server} = peer_server:start_link(nobody),
    Each = N div Clients,
    First = self(),
    Start = now_ns(),
    repeat(Clients, fun() -> spawn_link(fun() -> ask(Server, Each, -1), First ! done end) end),
    await(Clients),
    rate("calls_per_s", Clients * Each, Start),
    Total = Clients * Each,
    Total = gen_server:call(Server, next).

ask(_, 0, _) -> ok;
ask(Server, Left, Last) ->
    Number = gen_server:call(Server, next),
    true = Number > Last,
    ask(Server, Left - 1, Number).

%% ---- restarts

supervisor_restart(N) ->
    {ok, _} = peer_sup:start_link(self()),
    Start = now_ns(),
    Latencies = restarts(N, receive {up, Pid} -> Pid end, []),
    rate("restarts_per_s", N, Start),
    percentiles("restart_us", Latencies).

restarts(0, _, Latencies) -> Latencies;
restarts(Left, Child, Latencies) ->
    Start = now_ns(),
    exit(Child, kill),
    receive {up, Next} -> restarts(Left - 1, Next, [now_ns() - Start | Latencies]) end.

%% ---- tools

now_ns() -> erlang:monotonic_time(nanosecond).

repeat(0, _) -> ok;
repeat(N, F) -> F(), repeat(N - 1, F).

await(0) -> ok;
await(N) -> receive done -> await(N - 1) end.

wait_until(Condition) ->
    case Condition() of
        true -> ok;
        false -> timer:sleep(1), wait_until(Condition)
    end.

report(Metric, Value) -> io:format("~s ~.3f~n", [Metric, float(Value)]).

rate(Metric, N, Start) -> report(Metric, N * 1.0e9 / (now_ns() - Start)).

percentiles(Prefix, Nanoseconds) ->
    Sorted = list_to_tuple(lists:sort(Nanoseconds)),
    N = tuple_size(Sorted),
    report(Prefix ++ "_n", N),
    [report(Prefix ++ Suffix, element(max(1, ceil(Share * N)), Sorted) / 1000)
     || {Suffix, Share} <- [{"_p50", 0.5}, {"_p99", 0.99}, {"_p999", 0.999}, {"_max", 1.0}]].

resident_bytes() ->
    {ok, Text} = file:read_file("/proc/self/status"),
    {match, [KiB]} = re:run(Text, "VmRSS:\\s+(\\d+)", [{capture, [1], list}]),
    list_to_integer(KiB) * 1024.
