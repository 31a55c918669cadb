%% The Erlang side of bench/savina: the same work with the same parameters, in the same order, as an Erlang program would do it.
%% erl -noinput -pa DIR -run peer_savina main NAME PARAMETER...; prints `metric value` lines; status 1 if a result is wrong.
-module(peer_savina).
-behaviour(gen_server).
-export([main/1, init/1, handle_call/3, handle_cast/2]).

%% Queues grow long where one sends faster than the other takes; they stay out of the heap there, or each garbage collection
%% would walk over all that waits.
-define(LONG_QUEUE, {message_queue_data, off_heap}).
%% Whom all wait for goes first, in ours as well.
-define(WAITED_FOR, {priority, high}).

main([Name | Parameters]) ->
    spawn_opt(fun() ->
        try
            run(Name, [list_to_integer(P) || P <- Parameters]),
            halt(0)
        catch
            Class:What:Stack ->
                io:format(standard_error, "~p: ~p ~p~n", [Class, What, Stack]),
                halt(1)
        end
    end, [?LONG_QUEUE]).

%% ---- what they share

now_ns() -> erlang:monotonic_time(nanosecond).

report(Start, Metric, Count) ->
    Ns = now_ns() - Start,
    io:format("time_ms ~.3f~n~s ~.3f~n", [Ns / 1.0e6, Metric, Count * 1.0e9 / Ns]).

repeat(0, _) -> ok;
repeat(N, F) -> F(), repeat(N - 1, F).

await(0, Sum) -> Sum;
await(N, Sum) -> receive {done, Count} -> await(N - 1, Sum + Count) end.

expect(_, Value, Value) -> ok;
expect(What, Value, Expected) -> error({What, Value, {expected, Expected}}).

step(X) -> (X * 69069 + 1) band 16#ffffffff.

random(X, Below) ->
    Next = step(X),
    {(Next bsr 8) rem Below, Next}.

random60(X0) ->
    {A, X1} = random(X0, 1 bsl 20),
    {B, X2} = random(X1, 1 bsl 20),
    {C, X3} = random(X2, 1 bsl 20),
    {(A bsl 40) bor (B bsl 20) bor C, X3}.

busy(Steps) -> busy(Steps, Steps).
busy(0, X) -> X;
busy(N, X) -> busy(N - 1, step(X)).

compute(X) ->
    S = math:sin(X),
    true = S * S > 0.

%% ---- one message, or many, from one to another

run("pingpong", [Pings]) ->
    First = self(),
    Start = now_ns(),
    Pong = spawn_link(fun pong/0),
    spawn_link(fun() -> First ! {done, ping(Pong, 0, Pings)} end),
    Answered = await(1, 0),
    report(Start, "msgs_per_s", 2 * Pings),
    expect(pongs, Answered, Pings);
run("count", [Messages]) ->
    Start = now_ns(),
    Counter = spawn_opt(fun() -> counter(0) end, [link, ?LONG_QUEUE]),
    repeat(Messages, fun() -> Counter ! increment end),
    Counter ! {get, self()},
    Counted = await(1, 0),
    report(Start, "msgs_per_s", Messages),
    expect(counted, Counted, Messages);
run("fjthroughput", [Workers, Jobs]) ->
    First = self(),
    Start = now_ns(),
    Pids = [
        spawn_opt(fun() ->
            repeat(Jobs, fun() -> receive {job, X} -> compute(X) end end),
            First ! {done, Jobs}
        end, [link, ?LONG_QUEUE])
     || _ <- lists:seq(1, Workers)
    ],
    repeat(Jobs, fun() -> [P ! {job, 37.2} || P <- Pids] end),
    Done = await(Workers, 0),
    report(Start, "msgs_per_s", Workers * Jobs),
    expect(jobs, Done, Workers * Jobs);
run("fjcreate", [Workers]) ->
    First = self(),
    Start = now_ns(),
    repeat(Workers, fun() ->
        spawn(fun() -> receive {job, X} -> compute(X), First ! {done, 1} end end) ! {job, 37.2}
    end),
    Done = await(Workers, 0),
    report(Start, "actors_per_s", Workers),
    expect(jobs, Done, Workers);
run("threadring", [Members, Hops]) ->
    First = self(),
    Start = now_ns(),
    Last = spawn_link(fun() -> receive {next, Next} -> member(Next, First, 0) end end),
    Head = lists:foldl(fun(_, Next) -> spawn_link(fun() -> member(Next, First, 0) end) end, Last, lists:seq(2, Members)),
    Last ! {next, Head},
    Head ! {token, Hops},
    Passed = await(1, 0),
    report(Start, "hops_per_s", Hops),
    expect(visits, Passed, Hops div Members + 1);
%% ---- many to one, many to many
run("chameneos", [Creatures, Meetings]) ->
    First = self(),
    Start = now_ns(),
    Mall = spawn_link(fun() -> mall(Meetings, none) end),
    [
        spawn_link(fun() ->
            Mall ! {meet, I rem 3, self()},
            First ! {done, creature(Mall, I rem 3, 0)}
        end)
     || I <- lists:seq(1, Creatures)
    ],
    Met = await(Creatures, 0),
    report(Start, "meetings_per_s", Meetings),
    expect(meetings, Met, 2 * Meetings);
run("big", [Processes, Pings]) ->
    First = self(),
    Start = now_ns(),
    Pids = [
        spawn_link(fun() -> receive {everyone, All} -> guest(All, First, Pings, I * 7919) end end)
     || I <- lists:seq(1, Processes)
    ],
    All = list_to_tuple(Pids),
    [P ! {everyone, All} || P <- Pids],
    Answered = await(Processes, 0),
    report(Start, "msgs_per_s", 2 * Processes * Pings),
    expect(answered, Answered, Processes * Pings);
%% ---- servers
run("concdict", [Workers, Requests, WritePercent]) ->
    First = self(),
    Keys = 524287,
    {ok, Dict} = gen_server:start_link(?MODULE, {dict, Keys}, []),
    Start = now_ns(),
    [
        spawn_link(fun() -> First ! {done, dict_worker(Dict, Keys, WritePercent, Requests, I * 7919, 0)} end)
     || I <- lists:seq(1, Workers)
    ],
    Writes = await(Workers, 0),
    report(Start, "requests_per_s", Workers * Requests),
    {Reads, Written, Size} = gen_server:call(Dict, totals),
    expect(writes, Written, Writes),
    expect(requests, Reads + Written, Workers * Requests),
    expect(keys, Size, Keys);
run("boundedbuffer", [Size, Producers, Consumers, Items, ProducerCost, ConsumerCost]) ->
    First = self(),
    Start = now_ns(),
    Total = Producers * Items,
    Manager = spawn_opt(fun() -> manager(Size, Total, queue:new(), 0, [], []) end, [link, ?WAITED_FOR]),
    [spawn_link(fun() -> producer(Manager, I * Items, Items, ProducerCost) end) || I <- lists:seq(0, Producers - 1)],
    [spawn_link(fun() -> First ! {done, consumer(Manager, ConsumerCost, 0, 0.0, 1)} end) || _ <- lists:seq(1, Consumers)],
    Sum = await(Consumers, 0),
    report(Start, "items_per_s", Total),
    expect(sum, Sum, Total * (Total - 1) div 2);
run("philosophers", [Philosophers, Rounds]) ->
    First = self(),
    Start = now_ns(),
    {ok, Arbitrator} = gen_server:start_link(?MODULE, {arbitrator, Philosophers}, []),
    [
        spawn_link(fun() ->
            repeat(Rounds, fun() ->
                eat(Arbitrator, Seat),
                gen_server:cast(Arbitrator, {finished, Seat})
            end),
            gen_server:call(Arbitrator, meals),
            First ! {done, Rounds}
        end)
     || Seat <- lists:seq(1, Philosophers)
    ],
    Done = await(Philosophers, 0),
    report(Start, "meals_per_s", Done),
    {Eaten, Refused} = gen_server:call(Arbitrator, meals),
    io:format("refused ~.3f~n", [float(Refused)]),
    expect(meals, Eaten, Philosophers * Rounds);
run("barber", [Haircuts, Size, Pause, Haircut]) ->
    Factory = self(),
    Start = now_ns(),
    Barber = spawn_opt(fun() -> barber(Haircut, 2) end, [link, ?WAITED_FOR]),
    Room = spawn_opt(fun() -> room(Barber, Size, queue:new(), 0, true) end, [link, ?WAITED_FOR]),
    customers(Haircuts, Room, Factory, Pause, 1),
    Returned = haircuts(Haircuts, Room, 0),
    report(Start, "haircuts_per_s", Haircuts),
    io:format("returned ~.3f~n", [float(Returned)]),
    expect(messages, process_info(self(), message_queue_len), {message_queue_len, 0});
run("cigsmok", [Rounds, Smokers]) ->
    Arbiter = self(),
    Start = now_ns(),
    Pids = [spawn_link(fun() -> smoker(Arbiter, 0) end) || _ <- lists:seq(1, Smokers)],
    arbiter(Rounds, list_to_tuple(Pids), 1),
    [P ! stop || P <- Pids],
    Smoked = await(Smokers, 0),
    report(Start, "rounds_per_s", Rounds),
    expect(cigarettes, Smoked, Rounds);
run("logisticmap", [Terms, Series]) ->
    First = self(),
    Start = now_ns(),
    Pids = [
        begin
            {ok, Computer} = gen_server:start_link(?MODULE, {rate, 3.46 + I * 0.0025}, []),
            spawn_opt(fun() -> series(I, Computer, I * 0.0025) end, [link, ?LONG_QUEUE])
        end
     || I <- lists:seq(0, Series - 1)
    ],
    repeat(Terms, fun() -> [P ! next || P <- Pids] end),
    [P ! {get, First} || P <- Pids],
    Results = [receive {result, I, Term} -> Term end || I <- lists:seq(0, Series - 1)],
    report(Start, "terms_per_s", Terms * Series),
    expect(terms, Results, [last_term(3.46 + I * 0.0025, I * 0.0025, Terms) || I <- lists:seq(0, Series - 1)]);
run("banking", [Accounts, Transactions]) ->
    Start = now_ns(),
    Pids = list_to_tuple([
        begin
            {ok, P} = gen_server:start_link(?MODULE, account, []),
            P
        end
     || _ <- lists:seq(1, Accounts)
    ]),
    Moved = transfers(Transactions, Pids, Accounts, 123456, #{}),
    Done = await(Transactions, 0),
    report(Start, "transactions_per_s", Transactions),
    expect(transactions, Done, Transactions),
    [
        expect(balance, gen_server:call(element(I + 1, Pids), balance), 1000000000 + maps:get(I, Moved, 0))
     || I <- lists:seq(0, Accounts - 1)
    ];
%% ---- work in parallel
run("quicksort", [Count]) ->
    First = self(),
    Numbers = numbers(Count, 1024, []),
    Start = now_ns(),
    spawn_link(fun() -> First ! {sorted, all, sorted(Numbers)} end),
    Sorted = receive {sorted, all, L} -> L end,
    report(Start, "numbers_per_s", Count),
    expect(sorted, Sorted, lists:sort(Numbers));
run("sieve", [Below, Room]) ->
    First = self(),
    Start = now_ns(),
    Head = spawn_link(fun() -> filter(First, Room, [], 0, none) end),
    Head ! {candidate, 2},
    candidates(Head, 3, Below),
    Head ! {stop, 0},
    Primes = await(1, 0),
    report(Start, "candidates_per_s", Below div 2),
    expect(primes, Primes, length([N || N <- lists:seq(2, Below - 1), is_prime(N, 2)]));
run("nqueens", [Size, Workers, Threshold]) ->
    Master = self(),
    Start = now_ns(),
    Pids = list_to_tuple([spawn_link(fun() -> queens_worker(Master, Size, Threshold) end) || _ <- lists:seq(1, Workers)]),
    element(1, Pids) ! {board, 0, []},
    Solutions = queens_master(Pids, Workers, 1, 1, 0),
    report(Start, "solutions_per_s", Solutions),
    expect(solutions, Solutions, element(Size, {1, 0, 0, 2, 10, 4, 40, 92, 352, 724, 2680, 14200, 73712, 365596}));
run("fib", [N]) ->
    First = self(),
    {Before, Value} = lists:foldl(fun(_, {A, B}) -> {B, A + B} end, {0, 1}, lists:seq(2, N)),
    true = Before =< Value,
    Start = now_ns(),
    spawn_link(fun() -> fib(N, First) end),
    Result = receive {fib, V} -> V end,
    report(Start, "actors_per_s", 2 * Value - 1),
    expect(fib, Result, Value);
run("uct", [Nodes, Average, Deviation, UrgentPercent]) ->
    Root = self(),
    Start = now_ns(),
    {Steps, X} = normal(2, Average, Deviation),
    Children = [spawn_link(fun() -> node_begin(Root, Root, Steps) end) || _ <- lists:seq(1, 10)],
    Size = grow_tree(11, 10, X, Nodes, Average, Deviation, UrgentPercent),
    busy(0),
    [C ! traverse || C <- Children],
    Counted = lists:sum([receive {counted, N} -> N end || _ <- Children]) + 1,
    report(Start, "nodes_per_s", Size),
    expect(nodes, Counted, Size).

%% ---- pingpong, count, threadring

pong() -> receive {ping, From, I} -> From ! {pong, I}, pong() end.

ping(_, Pings, Pings) -> Pings;
ping(Pong, I, Pings) ->
    Pong ! {ping, self(), I},
    receive {pong, I} -> ping(Pong, I + 1, Pings) end.

counter(N) ->
    receive
        increment -> counter(N + 1);
        {get, From} -> From ! {done, N}
    end.

member(Next, First, Passed) ->
    receive
        {token, 0} -> First ! {done, Passed + 1};
        {token, Left} -> Next ! {token, Left - 1}
    end,
    member(Next, First, Passed + 1).

%% ---- chameneos, big

mall(0, _) -> receive {meet, _, P} -> P ! close, mall(0, none) end;
mall(Left, none) -> receive {meet, _, P} -> mall(Left, P) end;
mall(Left, Waiting) -> receive {meet, Colour, P} -> Waiting ! {partner, Colour, P}, mall(Left - 1, none) end.

creature(Mall, Colour, Met) ->
    receive
        {partner, Other, P} ->
            New = mixed(Colour, Other),
            P ! {change, New},
            Mall ! {meet, New, self()},
            creature(Mall, New, Met + 1);
        {change, New} ->
            Mall ! {meet, New, self()},
            creature(Mall, New, Met + 1);
        close ->
            Met
    end.

mixed(C, C) -> C;
mixed(A, B) -> 3 - A - B.

guest(All, First, Pings, X) -> ask(All, First, 0, Pings, X).

ask(All, First, Pings, Pings, X) ->
    First ! {done, Pings},
    answer(All, First, Pings + 1, Pings, X);
ask(All, First, Asked, Pings, X0) ->
    {Whom, X} = random(X0, tuple_size(All)),
    element(Whom + 1, All) ! {ping, self(), Asked + 1},
    answer(All, First, Asked + 1, Pings, X).

answer(All, First, Asked, Pings, X) ->
    receive
        {ping, From, I} -> From ! {pong, I}, answer(All, First, Asked, Pings, X);
        {pong, Asked} -> ask(All, First, Asked, Pings, X)
    end.

%% ---- the servers: a state says whose it is

init({dict, Keys}) -> {ok, {dict, maps:from_list([{K, K} || K <- lists:seq(0, Keys - 1)]), 0, 0}};
init({arbitrator, Seats}) -> {ok, {arbitrator, erlang:make_tuple(Seats, false), Seats, 0, 0}};
init({rate, Rate}) -> {ok, {rate, Rate}};
init(account) -> {ok, {account, 1000000000}}.

handle_call({read, Key}, _, {dict, Map, Reads, Writes}) ->
    {reply, maps:get(Key, Map), {dict, Map, Reads + 1, Writes}};
handle_call({write, Key, Value}, _, {dict, Map, Reads, Writes}) ->
    {reply, ok, {dict, Map#{Key => Value}, Reads, Writes + 1}};
handle_call(totals, _, {dict, Map, Reads, Writes} = S) ->
    {reply, {Reads, Writes, map_size(Map)}, S};
handle_call({hungry, Seat}, _, {arbitrator, Forks, Seats, Eaten, Refused}) ->
    Right = Seat rem Seats + 1,
    case element(Seat, Forks) orelse element(Right, Forks) of
        true -> {reply, false, {arbitrator, Forks, Seats, Eaten, Refused + 1}};
        false -> {reply, true, {arbitrator, both(Forks, Seat, Right, true), Seats, Eaten, Refused}}
    end;
handle_call(meals, _, {arbitrator, _, _, Eaten, Refused} = S) ->
    {reply, {Eaten, Refused}, S};
handle_call({next, Term}, _, {rate, Rate} = S) ->
    {reply, next_term(Term, Rate), S};
handle_call({debit, Amount}, _, {account, Balance}) ->
    {reply, ok, {account, Balance + Amount}};
handle_call(balance, _, {account, Balance} = S) ->
    {reply, Balance, S}.

handle_cast({finished, Seat}, {arbitrator, Forks, Seats, Eaten, Refused}) ->
    Right = Seat rem Seats + 1,
    true = element(Seat, Forks) andalso element(Right, Forks),
    {noreply, {arbitrator, both(Forks, Seat, Right, false), Seats, Eaten + 1, Refused}};
handle_cast({credit, To, Amount, Teller}, {account, Balance}) ->
    ok = gen_server:call(To, {debit, Amount}),
    Teller ! {done, 1},
    {noreply, {account, Balance - Amount}}.

both(Forks, A, B, Value) -> setelement(A, setelement(B, Forks, Value), Value).

dict_worker(_, _, _, 0, _, Writes) -> Writes;
dict_worker(Dict, Keys, WritePercent, Left, X0, Writes) ->
    {Dice, X1} = random(X0, 100),
    {Key, X} = random(X1, Keys),
    case Dice < WritePercent of
        true ->
            ok = gen_server:call(Dict, {write, Key, Key + Keys * (Left rem 100)}),
            dict_worker(Dict, Keys, WritePercent, Left - 1, X, Writes + 1);
        false ->
            Value = gen_server:call(Dict, {read, Key}),
            true = Value rem Keys =:= Key,
            dict_worker(Dict, Keys, WritePercent, Left - 1, X, Writes)
    end.

eat(Arbitrator, Seat) -> gen_server:call(Arbitrator, {hungry, Seat}) orelse eat(Arbitrator, Seat).

transfers(0, _, _, _, Moved) -> Moved;
transfers(Left, Pids, Accounts, X0, Moved) ->
    {From, X1} = random(X0, Accounts div 10 * 8),
    {Above, X2} = random(X1, Accounts - From - 1),
    {Amount, X} = random(X2, 1000),
    To = From + 1 + Above,
    gen_server:cast(element(From + 1, Pids), {credit, element(To + 1, Pids), Amount, self()}),
    Less = maps:update_with(From, fun(V) -> V - Amount end, -Amount, Moved),
    transfers(Left - 1, Pids, Accounts, X, maps:update_with(To, fun(V) -> V + Amount end, Amount, Less)).

series(Number, Computer, Term) ->
    receive
        next -> series(Number, Computer, gen_server:call(Computer, {next, Term}));
        {get, From} -> From ! {result, Number, Term}
    end.

next_term(Term, Rate) -> Rate * Term * (1 - Term).

last_term(_, Term, 0) -> Term;
last_term(Rate, Term, Left) -> last_term(Rate, next_term(Term, Rate), Left - 1).

%% ---- boundedbuffer: items that wait or are being made never exceed the buffer's size

manager(Size, Left, Buffer, InMaking, Idle, Resting) ->
    receive
        {item, From, Item} ->
            hand_out(Size, Left - 1, queue:in(Item, Buffer), InMaking - 1, Idle, [From | Resting]);
        {ready, From} ->
            hand_out(Size, Left, Buffer, InMaking, Idle, [From | Resting]);
        {available, From} ->
            hand_out(Size, Left, Buffer, InMaking, [From | Idle], Resting)
    end.

hand_out(Size, Left, Buffer, InMaking, Idle, Resting) ->
    case {queue:out(Buffer), Idle} of
        {{{value, Item}, Rest}, [C | Others]} ->
            C ! {item, Item},
            hand_out(Size, Left, Rest, InMaking, Others, Resting);
        {{empty, _}, [C | Others]} when Left =:= 0 ->
            C ! stop,
            hand_out(Size, Left, Buffer, InMaking, Others, Resting);
        _ ->
            ask_producers(Size, Left, Buffer, InMaking, Idle, Resting, queue:len(Buffer))
    end.

ask_producers(Size, Left, Buffer, InMaking, Idle, [P | Others], Waiting) when Waiting + InMaking < Size ->
    P ! produce,
    ask_producers(Size, Left, Buffer, InMaking + 1, Idle, Others, Waiting);
ask_producers(Size, Left, Buffer, InMaking, Idle, Resting, _) ->
    manager(Size, Left, Buffer, InMaking, Idle, Resting).

producer(Manager, From, Items, Cost) ->
    Manager ! {ready, self()},
    produce(Manager, From, From + Items, Cost, 0.0, From + 1).

produce(_, End, End, _, _, _) -> ok;
produce(Manager, Number, End, Cost, Data0, X0) ->
    receive produce -> ok end,
    {Data, X} = process(Cost * 100, Data0, X0),
    Manager ! {item, self(), {Number, Data}},
    produce(Manager, Number + 1, End, Cost, Data, X).

consumer(Manager, Cost, Sum, Data0, X0) ->
    Manager ! {available, self()},
    receive
        stop ->
            Sum;
        {item, {Number, D}} ->
            {Data, X} = process(Cost * 100, Data0 + D, X0),
            consumer(Manager, Cost, Sum + Number, Data, X)
    end.

process(0, Data, X) -> {Data, X};
process(N, Data, X0) ->
    {R, X} = random(X0, 1 bsl 20),
    process(N - 1, Data + math:log(R / 1048576 + 0.01), X).

%% ---- barber, cigsmok

room(Barber, Size, Queue, Waiting, Sleeps) ->
    receive
        {enter, C} when Waiting =:= Size -> C ! full, room(Barber, Size, Queue, Waiting, Sleeps);
        {enter, C} when Sleeps -> Barber ! {enter, self(), C}, room(Barber, Size, Queue, Waiting, false);
        {enter, C} -> room(Barber, Size, queue:in(C, Queue), Waiting + 1, false);
        next when Waiting =:= 0 -> room(Barber, Size, Queue, 0, true);
        next ->
            {{value, C}, Rest} = queue:out(Queue),
            Barber ! {enter, self(), C},
            room(Barber, Size, Rest, Waiting - 1, false)
    end.

barber(Haircut, X0) ->
    receive
        {enter, Room, C} ->
            {Steps, X} = random(X0, Haircut),
            busy(Steps + 10),
            C ! finished,
            Room ! next,
            barber(Haircut, X)
    end.

customer(Factory) ->
    receive
        full -> Factory ! {returned, self()}, customer(Factory);
        finished -> Factory ! cut
    end.

customers(0, _, _, _, _) -> ok;
customers(Left, Room, Factory, Pause, X0) ->
    Room ! {enter, spawn(fun() -> customer(Factory) end)},
    {Steps, X} = random(X0, Pause),
    busy(Steps + 10),
    customers(Left - 1, Room, Factory, Pause, X).

haircuts(0, _, Returned) -> Returned;
haircuts(Left, Room, Returned) ->
    receive
        cut -> haircuts(Left - 1, Room, Returned);
        {returned, C} -> Room ! {enter, C}, haircuts(Left, Room, Returned + 1)
    end.

smoker(Arbiter, Smoked) ->
    receive
        {smoke, Steps} -> Arbiter ! begun, busy(Steps), smoker(Arbiter, Smoked + 1);
        stop -> Arbiter ! {done, Smoked}
    end.

arbiter(0, _, _) -> ok;
arbiter(Left, Smokers, X0) ->
    {Who, X1} = random(X0, tuple_size(Smokers)),
    {Steps, X} = random(X1, 1000),
    element(Who + 1, Smokers) ! {smoke, Steps + 10},
    receive begun -> arbiter(Left - 1, Smokers, X) end.

%% ---- quicksort, sieve, nqueens, fib, uct

numbers(0, _, L) -> L;
numbers(N, X0, L) ->
    {Value, X} = random60(X0),
    numbers(N - 1, X, [Value | L]).

sorted(L) -> sorted(L, length(L)).
sorted(L, Length) when Length < 2048 -> lists:sort(L);
sorted(L, Length) ->
    Pivot = lists:nth(Length div 2, L),
    Self = self(),
    Left = [X || X <- L, X < Pivot],
    Right = [X || X <- L, X > Pivot],
    spawn_link(fun() -> Self ! {sorted, left, sorted(Left)} end),
    spawn_link(fun() -> Self ! {sorted, right, sorted(Right)} end),
    Equal = [X || X <- L, X =:= Pivot],
    receive {sorted, left, A} -> receive {sorted, right, B} -> A ++ Equal ++ B end end.

candidates(_, N, Below) when N >= Below -> ok;
candidates(Head, N, Below) -> Head ! {candidate, N}, candidates(Head, N + 2, Below).

%% The primes are a list, the youngest first, as long as there is room; then the list the other way round.
filter(First, Room, Primes, Count, Next) ->
    receive
        {candidate, N} ->
            case divided(N, Primes) of
                true -> filter(First, Room, Primes, Count, Next);
                false when Count + 1 =:= Room -> filter(First, Room, lists:reverse([N | Primes]), Room, Next);
                false when Count < Room -> filter(First, Room, [N | Primes], Count + 1, Next);
                false when Next =:= none ->
                    New = spawn_link(fun() -> filter(First, Room, [], 0, none) end),
                    New ! {candidate, N},
                    filter(First, Room, Primes, Count, New);
                false -> Next ! {candidate, N}, filter(First, Room, Primes, Count, Next)
            end;
        {stop, Before} when Next =:= none -> First ! {done, Before + Count};
        {stop, Before} -> Next ! {stop, Before + Count}
    end.

divided(_, []) -> false;
divided(N, [P | _]) when N rem P =:= 0 -> true;
divided(N, [_ | Rest]) -> divided(N, Rest).

is_prime(N, D) when D * D > N -> true;
is_prime(N, D) when N rem D =:= 0 -> false;
is_prime(N, D) -> is_prime(N, D + 1).

queens_master(_, _, _, 0, Solutions) -> Solutions;
queens_master(Pids, Workers, Next, UnderWay, Solutions) ->
    receive
        solution -> queens_master(Pids, Workers, Next, UnderWay, Solutions + 1);
        finished -> queens_master(Pids, Workers, Next, UnderWay - 1, Solutions);
        {board, _, _} = Board ->
            element(Next rem Workers + 1, Pids) ! Board,
            queens_master(Pids, Workers, Next + 1, UnderWay + 1, Solutions)
    end.

queens_worker(Master, Size, Threshold) ->
    receive
        {board, Depth, Columns} when Depth >= Threshold -> solve(Master, Size, Depth, Columns);
        {board, Depth, Columns} ->
            [Master ! {board, Depth + 1, [C | Columns]} || C <- lists:seq(0, Size - 1), fits(C, Columns, 1)]
    end,
    Master ! finished,
    queens_worker(Master, Size, Threshold).

solve(Master, Size, Size, _) -> Master ! solution;
solve(Master, Size, Depth, Columns) ->
    [solve(Master, Size, Depth + 1, [C | Columns]) || C <- lists:seq(0, Size - 1), fits(C, Columns, 1)].

fits(_, [], _) -> true;
fits(C, [D | _], Lines) when D =:= C; D - C =:= Lines; C - D =:= Lines -> false;
fits(C, [_ | Rest], Lines) -> fits(C, Rest, Lines + 1).

fib(N, Parent) when N =< 2 -> Parent ! {fib, 1};
fib(N, Parent) ->
    Self = self(),
    spawn(fun() -> fib(N - 1, Self) end),
    spawn(fun() -> fib(N - 2, Self) end),
    receive {fib, A} -> receive {fib, B} -> Parent ! {fib, A + B} end end.

grow_tree(Size, 0, _, _, _, _, _) -> Size;
grow_tree(Size, Unanswered, X0, Nodes, Average, Deviation, UrgentPercent) ->
    Who = receive {ask, P} -> P end,
    case Size + 10 > Nodes of
        true ->
            grow_tree(Size, Unanswered - 1, X0, Nodes, Average, Deviation, UrgentPercent);
        false ->
            case random(X0, 2) of
                {0, X} ->
                    grow_tree(Size, Unanswered - 1, X, Nodes, Average, Deviation, UrgentPercent);
                {1, X1} ->
                    {Steps, X2} = normal(X1, Average, Deviation),
                    {Which, X} = urgent(random(X2, 100), UrgentPercent),
                    Who ! {grant, Steps, Which},
                    grow_tree(Size + 10, Unanswered + 9, X, Nodes, Average, Deviation, UrgentPercent)
            end
    end.

urgent({Dice, X}, Percent) when Dice < Percent -> random(X, 10);
urgent({_, X}, _) -> {0, X}.

normal(X0, Average, Deviation) ->
    {Sum, X} = lists:foldl(fun(_, {S, A}) -> {R, B} = random(A, 1000), {S + R, B} end, {-6000, X0}, lists:seq(1, 12)),
    {max(1, Average + Sum * Deviation div 1000), X}.

node_begin(Parent, Root, Steps) ->
    busy(100),
    Root ! {ask, self()},
    receive
        {grant, ChildSteps, Urgent} ->
            Self = self(),
            Children = [spawn(fun() -> node_begin(Self, Root, ChildSteps) end) || _ <- lists:seq(1, 10)],
            receive traverse -> busy(Steps) end,
            {Before, [First | After]} = lists:split(Urgent, Children),
            [C ! traverse || C <- [First | Before ++ After]],
            Parent ! {counted, lists:sum([receive {counted, N} -> N end || _ <- Children]) + 1};
        traverse ->
            busy(Steps),
            Parent ! {counted, 1}
    end.
