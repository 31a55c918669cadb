%% The reference: interprets programs (README.md has the language) on Erlang itself, and prints the outcomes seen.
%%
%% interpret:main([In, Out, Runs, Seed, Workers]): every program of In is run Runs times; Out gets a line
%% `Id <tab> Count <tab> Outcome` for each distinct outcome. interpret.c is its twin: a step means the same in both, and
%% each function here has its counterpart there under the same name.
-module(interpret).
-export([main/1]).

-define(HANG, 30000).  % ms in which a phase ends, or the program hangs
-define(WAIT, 100).   % ms that waitk waits

main(Words) ->
    [In, Out, Runs, Seed, Workers] = [to_text(W) || W <- Words],
    logger:set_primary_config(level, none),
    {ok, Text} = file:read_file(In),
    Programs = list_to_tuple([L || L <- binary:split(Text, <<"\n">>, [global]), L =/= <<>>]),
    {ok, File} = file:open(Out, [write, raw, {delayed_write, 65536, 1000}]),
    Next = atomics:new(1, []),
    N = list_to_integer(Workers),
    Work = {Programs, Next, list_to_integer(Runs), list_to_integer(Seed)},
    Main = self(),
    [spawn_link(fun() -> worker(Main, W, Work) end) || W <- lists:seq(1, N)],
    printed(File, N),
    ok = file:close(File),
    halt(0).

to_text(A) when is_atom(A) -> atom_to_list(A);
to_text(L) -> L.

printed(_, 0) -> ok;
printed(File, N) ->
    receive
        {print, Lines} -> ok = file:write(File, Lines), printed(File, N);
        finished -> printed(File, N - 1)
    end.

worker(Main, W, {Programs, Next, Runs, Seed} = Work) ->
    case atomics:add_get(Next, 1, 1) of
        I when I > tuple_size(Programs) -> Main ! finished;
        I ->
            {Id, Program} = parse(element(I, Programs)),
            Seen = runs(Runs, W, Program, {Seed, Id}, #{}),
            Main ! {print, [[integer_to_list(Id), $\t, integer_to_list(C), $\t, O, $\n] || {O, C} <- maps:to_list(Seen)]},
            worker(Main, W, Work)
    end.

runs(0, _, _, _, Seen) -> Seen;
runs(R, W, Program, {Seed, Id}, Seen) ->
    rand:seed(exsss, {Seed, Id, R}),
    Outcome = iolist_to_binary(run(W, Program)),
    runs(R - 1, W, Program, {Seed, Id}, maps:update_with(Outcome, fun(C) -> C + 1 end, 1, Seen)).

%% ---- a program: ID COUNT DEFERRED | P step , step / P step | ...

parse(Line) ->
    [Head | Phases] = binary:split(Line, <<"|">>, [global]),
    [Id, Count, Deferred] = [binary_to_integer(W) || W <- words(Head)],
    {Id, {Count, Deferred, [[script(S) || S <- binary:split(P, <<"/">>, [global])] || P <- Phases]}}.

script(Text) ->
    [First | Rest] = binary:split(Text, <<",">>, [global]),
    [P | Words] = words(First),
    {binary_to_integer(P), [step(S) || S <- [Words | [words(R) || R <- Rest]]]}.

words(Text) -> [W || W <- binary:split(Text, <<" ">>, [global]), W =/= <<>>].

step([Name | Arguments]) ->
    list_to_tuple([binary_to_atom(Name) | [argument(A) || A <- Arguments]]).

argument(<<C, _/binary>> = A) when C >= $0, C =< $9 -> binary_to_integer(A);
argument(<<"tuple">>) -> {bad, [1, ok]};
argument(A) -> binary_to_atom(A).

%% ---- one run: the coordinator

run(W, {Count, Deferred, Phases}) ->
    T = ets:new(run, [public, ordered_set, {write_concurrency, false}]),
    Me = self(),
    Noise = lists:nth(rand:uniform(4), [0, 1, 2, 4]),
    State = #{t => T, me => Me, w => W, noise => Noise},
    First = [P || P <- lists:seq(1, Count), Deferred band (1 bsl P) =:= 0],
    Down = lists:foldl(fun(P, D) ->
                               {Pid, Ref} = spawn_opt(fun() -> body(P, State) end, [monitor | chance()]),
                               ets:insert(T, {{pid, P}, Pid}),
                               D#{Ref => P}
                       end, #{}, First),
    C0 = #{t => T, alive => First, refs => Down, ends => #{}, hang => false},
    C1 = phases(Phases, settle(C0)),
    C2 = drained(C1),
    Text = outcome(Count, C2),
    killed(C2),
    ets:delete(T),
    Text.

%% Where it runs is chosen as well, else the parties of a run would seldom run at the same time.
chance() ->
    [{scheduler, rand:uniform(erlang:system_info(schedulers))},
     {priority, lists:nth(rand:uniform(4), [low, normal, normal, high])}].

phases([], C) -> C;
phases(_, #{hang := true} = C) -> C;
phases([Phase | Rest], #{t := T, alive := Alive} = C0) ->
    Here = shuffled([S || {P, _} = S <- Phase, lists:member(P, Alive)]),
    Gate = gate(length(Here)),
    [pid_of(T, P) ! {control, {run, Steps, Gate}} || {P, Steps} <- Here],
    C1 = until_done([P || {P, _} <- Here], C0),
    has_short_timer(Here) andalso timer:sleep(6),
    phases(Rest, settle(C1)).

%% Where processes race, they often begin together: a scheduler takes longer to wake up than a script takes.
gate(N) ->
    case N > 1 andalso rand:uniform(3) > 1 of
        true -> {atomics:new(1, []), N};
        false -> open
    end.

pass(open) -> ok;
pass({Arrived, N}) ->
    atomics:add(Arrived, 1, 1),
    wait_at(Arrived, N, 50000).

wait_at(_, _, 0) -> ok;
wait_at(Arrived, N, Left) ->
    case atomics:get(Arrived, 1) of
        N -> ok;
        _ -> wait_at(Arrived, N, Left - 1)
    end.

shuffled(L) -> [X || {_, X} <- lists:sort([{rand:uniform(), X} || X <- L])].

has_short_timer(Scripts) ->
    lists:any(fun(S) -> (element(1, S) =:= timer orelse element(1, S) =:= 'after') andalso element(2, S) < 100 end,
              lists:append([Steps || {_, Steps} <- Scripts])).

until_done([], C) -> C;
until_done(Wanted, C0) ->
    case take(?HANG, C0) of
        {done, P, C1} -> until_done(lists:delete(P, Wanted), C1);
        {ended, P, C1} -> until_done(lists:delete(P, Wanted), C1);
        {other, C1} -> until_done(Wanted, C1);
        none -> C0#{hang := true}
    end.

%% One message to the coordinator.
take(Limit, #{t := T, alive := Alive, refs := Refs, ends := Ends} = C) ->
    receive
        {done, P} -> {done, P, C};
        {born, P, Pid} ->
            Ref = monitor(process, Pid),
            Parent = ets:lookup_element(T, {parent, P}, 2),
            Parent ! {control, noted},
            {other, C#{alive := [P | Alive], refs := Refs#{Ref => P}}};
        {'DOWN', Ref, process, _, Reason} ->
            P = maps:get(Ref, Refs),
            {ended, P, C#{alive := lists:delete(P, Alive), ends := Ends#{P => Reason}}}
    after Limit -> none
    end.

%% Until all that was sent has been handled: a round of questions in which nobody is found to have ended.
settle(#{hang := true} = C) -> C;
settle(C0) ->
    C1 = taken(C0),
    #{t := T, alive := Alive} = C1,
    case [P || P <- lists:sort(Alive), not is_process_alive(pid_of(T, P))] of
        [] when C1 =:= C0 -> C1;
        Dying -> settle(until_ended(Dying, C1))
    end.

taken(C0) ->
    case take(0, C0) of
        none -> C0;
        {other, C1} -> taken(C1);
        {_, _, C1} -> taken(C1)
    end.

until_ended([], C) -> C;
until_ended([P | Rest], #{ends := Ends} = C) when is_map_key(P, Ends) -> until_ended(Rest, C);
until_ended(L, C0) ->
    case take(?HANG, C0) of
        none -> C0#{hang := true};
        {other, C1} -> until_ended(L, C1);
        {_, _, C1} -> until_ended(L, C1)
    end.

drained(#{hang := true} = C) -> C;
drained(#{t := T, alive := Alive} = C) ->
    [ets:insert(T, {{last, P}, counts(pid_of(T, P))}) || P <- Alive],
    [pid_of(T, P) ! {control, drain} || P <- Alive],
    until_done(Alive, C).

killed(#{t := T, alive := Alive} = C) ->
    [exit(pid_of(T, P), kill) || P <- Alive],
    until_ended(Alive, C).

%% ---- the outcome as text

outcome(_, #{hang := true, t := T, alive := Alive}) ->
    ["HANG ", [[integer_to_list(P), events(T, P)] || P <- lists:sort(Alive)]];
outcome(Count, #{t := T, ends := Ends}) ->
    lists:join(" ", [[integer_to_list(P), events(T, P), ended(T, P, Ends)] || P <- lists:seq(1, Count)]).

events(T, P) ->
    ["[", lists:join(" ", [shown(T, E) || {_, E} <- ets:select(T, [{{{log, P, '_'}, '_'}, [], ['$_']}])]), "]"].

ended(T, P, Ends) ->
    case Ends of
        #{P := noproc} -> "?";
        #{P := Reason} -> reason(Reason);
        _ ->
            case ets:lookup(T, {last, P}) of
                [{_, Counts}] -> ["alive(", Counts, ")"];
                [] -> "unborn"
            end
    end.

shown(T, {step, I, {message, M}}) -> [integer_to_list(I), ":", message(T, M)];
shown(_, {step, I, Result}) -> [integer_to_list(I), ":", io_lib:format("~0tp", [Result])];
shown(T, {queued, M}) -> ["q:", message(T, M)].

message(_, {note, K}) -> ["note(", integer_to_list(K), ")"];
message(T, {'EXIT', Pid, Reason}) -> ["exit(", process(T, Pid), ",", reason(Reason), ")"];
message(T, {'DOWN', Ref, process, {_, _}, Reason}) -> ["down(", ref(T, Ref), ",name,", reason(Reason), ")"];
message(T, {'DOWN', Ref, process, Pid, Reason}) -> ["down(", ref(T, Ref), ",", process(T, Pid), ",", reason(Reason), ")"];
message(T, {timeout, Ref, K}) -> ["timeout(", timer(T, Ref, K), ",", integer_to_list(K), ")"];
message(T, {cancel_timer, Ref, Left}) -> ["cancelled(", ref(T, Ref), ",", atom_to_list(left(Left)), ")"];
message(T, {read_timer, Ref, Left}) -> ["left(", ref(T, Ref), ",", atom_to_list(left(Left)), ")"];
message(T, {spawn_reply, Ref, ok, Pid}) -> ["reply(", ref(T, Ref), ",", process(T, Pid), ")"].

process(T, Pid) ->
    case [P || {{pid, P}, Q} <- ets:lookup(T, {pid, 1}) ++ ets:tab2list(T), Q =:= Pid] of
        [P | _] -> ["p", integer_to_list(P)];
        [] -> "p?"
    end.

ref(T, Ref) ->
    case [R || {{ref, R}, Q} <- ets:tab2list(T), Q =:= Ref] of
        [R] -> ["r", integer_to_list(R)];
        [] -> "r?"
    end.

%% A timeout says the number of its timer's reference. Who was ended in the call that started the timer has not written the
%% reference down: then nobody else's is meant.
timer(T, Ref, K) ->
    case ets:member(T, {ref, K}) of
        true -> ref(T, Ref);
        false -> ["r", integer_to_list(K)]
    end.

%% What an exception leaves is {Reason, Stack} here and Reason there: LINK-2.
reason({Reason, [{_, _, _, _} | _]}) -> reason(Reason);
reason(Reason) -> io_lib:format("~0tp", [Reason]).

%% ---- a process

body(P, State) ->
    put(steps, 0),
    put(logged, 0),
    loop(P, State).

loop(P, #{t := T, me := Coordinator} = State) ->
    receive
        {control, {run, Steps, Gate}} ->
            pass(Gate),
            case script(Steps, P, State) of
                return -> ok;
                on -> Coordinator ! {done, P}, loop(P, State)
            end;
        {control, drain} ->
            drain(T, P),
            Coordinator ! {done, P},
            loop(P, State)
    end.

drain(T, P) ->
    receive M -> log(T, P, {queued, M}), drain(T, P)
    after 0 -> ok
    end.

script([], _, _) -> on;
script([{return} | _], _, _) -> return;
script([Step | Rest], P, #{t := T, noise := Noise} = State) ->
    Noise > 0 andalso rand:uniform(Noise) =:= 1 andalso erlang:yield(),
    Noise > 0 andalso rand:uniform(Noise) =:= 1 andalso spin(rand:uniform(2000)),
    I = put(steps, get(steps) + 1),
    Result = step(Step, P, State),
    %% An exit signal may act where a step has been done and before anybody has heard of it. EXIT-6
    Noise > 0 andalso rand:uniform(Noise) =:= 1 andalso erlang:yield(),
    log(T, P, {step, I, Result}),
    script(Rest, P, State).

%% Others get ahead: races are wider here than by chance.
spin(0) -> ok;
spin(N) -> spin(N - 1).

log(T, P, Event) -> ets:insert(T, {{log, P, put(logged, get(logged) + 1)}, Event}).

pid_of(T, P) ->
    case ets:lookup(T, {pid, P}) of
        [{_, Pid}] -> Pid;
        [] -> none
    end.

to(T, P, F) ->
    case pid_of(T, P) of
        none -> none;
        Pid -> F(Pid)
    end.

with_ref(T, R, F) ->
    case ets:lookup(T, {ref, R}) of
        [{_, Ref}] -> F(Ref);
        [] -> none
    end.

made(T, R, Ref) -> ets:insert(T, {{ref, R}, Ref}), ok.

name(W, N) -> list_to_atom("name_" ++ integer_to_list(W) ++ "_" ++ integer_to_list(N)).

%% What a step answers is its result in the log.
step({send, P, K}, _, #{t := T}) -> to(T, P, fun(Pid) -> Pid ! {note, K}, ok end);
step({nsend, N, K}, _, #{w := W}) -> caught(fun() -> name(W, N) ! {note, K}, ok end);
step({link, P}, _, #{t := T}) -> to(T, P, fun(Pid) -> link(Pid), ok end);
step({trylink, P}, _, #{t := T}) -> to(T, P, fun(Pid) -> caught(fun() -> link(Pid), ok end) end);
step({unlink, P}, _, #{t := T}) -> to(T, P, fun(Pid) -> unlink(Pid), ok end);
step({trap, On}, _, _) -> process_flag(trap_exit, On =:= 1);
step({exit, Reason}, _, _) -> exit(Reason);
step({kill, P, Reason}, _, #{t := T}) -> to(T, P, fun(Pid) -> exit(Pid, Reason), ok end);
step({mon, P, R}, _, #{t := T}) -> to(T, P, fun(Pid) -> made(T, R, monitor(process, Pid)) end);
step({nmon, N, R}, _, #{t := T, w := W}) -> made(T, R, monitor(process, name(W, N)));
step({demon, R, How}, _, #{t := T}) ->
    Opts = [O || {Bit, O} <- [{1, flush}, {2, info}], How band Bit =/= 0],
    with_ref(T, R, fun(Ref) -> caught(fun() -> demonitor(Ref, Opts) end) end);
step({alive, P}, _, #{t := T}) -> to(T, P, fun(Pid) -> is_process_alive(Pid) end);
step({where, N}, _, #{t := T, w := W}) ->
    case whereis(name(W, N)) of
        undefined -> undefined;
        Pid -> binary_to_atom(iolist_to_binary(process(T, Pid)))
    end;
step({reg, N, P}, _, #{t := T, w := W}) -> to(T, P, fun(Pid) -> caught(fun() -> register(name(W, N), Pid), ok end) end);
step({unreg, N}, _, #{w := W}) -> caught(fun() -> unregister(name(W, N)), ok end);
step({recv}, _, _) -> receive M -> {message, M} after 0 -> none end;
step({recvk, K}, _, _) -> receive {note, K} = M -> {message, M} after 0 -> none end;
step({recvx}, _, _) -> receive {'EXIT', _, _} = M -> {message, M} after 0 -> none end;
step({recvr, R}, _, #{t := T}) ->
    with_ref(T, R, fun(Ref) ->
                           receive
                               {'DOWN', Ref, _, _, _} = M -> {message, M};
                               {timeout, Ref, _} = M -> {message, M};
                               {cancel_timer, Ref, _} = M -> {message, M};
                               {read_timer, Ref, _} = M -> {message, M}
                           after 0 -> none
                           end
                   end);
step({waitk, K}, _, _) -> receive {note, K} = M -> {message, M} after ?WAIT -> none end;
step({spawn, P, How, R}, _, #{t := T} = State) ->
    case pid_of(T, P) of
        none ->
            ets:insert(T, {{parent, P}, self()}),
            born(P, State, case spawn_opt(fun() -> body(P, State) end, spawn_options(How)) of
                               {Child, Ref} -> made(T, R, Ref), Child;
                               Child -> Child
                           end);
        _ -> again
    end;
%% The reply is taken at once, whatever lies before it; what the child sent may not be before it. SPAWN-7
step({spawnreq, P, How, R}, _, #{t := T} = State) ->
    case pid_of(T, P) of
        none ->
            ets:insert(T, {{parent, P}, self()}),
            Ref = spawn_request(fun() -> body(P, State) end, spawn_options(How)),
            made(T, R, Ref),
            receive {spawn_reply, Ref, ok, Child} -> born(P, State, Child) end;
        _ -> again
    end;
step({abandon, R}, _, #{t := T}) -> with_ref(T, R, fun(Ref) -> spawn_request_abandon(Ref) end);
step({alias, R, Mode}, _, #{t := T}) -> made(T, R, alias([element(Mode + 1, {explicit_unalias, reply})]));
step({amon, P, R, Mode}, _, #{t := T}) ->
    Alias = element(Mode + 1, {explicit_unalias, demonitor, reply_demonitor}),
    to(T, P, fun(Pid) -> made(T, R, monitor(process, Pid, [{alias, Alias}])) end);
step({asend, R, K}, _, #{t := T}) -> with_ref(T, R, fun(Ref) -> Ref ! {note, K}, ok end);
step({unalias, R}, _, #{t := T}) -> with_ref(T, R, fun(Ref) -> unalias(Ref) end);
step({susp, P, How}, _, #{t := T}) ->
    Opts = [O || {Bit, O} <- [{1, asynchronous}, {2, unless_suspending}], How band Bit =/= 0],
    to(T, P, fun(Pid) -> caught(fun() -> erlang:suspend_process(Pid, Opts) end) end);
step({resume, P}, _, #{t := T}) -> to(T, P, fun(Pid) -> caught(fun() -> erlang:resume_process(Pid) end) end);
step({acancel, R, Info}, _, #{t := T}) ->
    with_ref(T, R, fun(Ref) -> answered(Ref, erlang:cancel_timer(Ref, [{async, true}, {info, Info =:= 1}])) end);
step({aread, R}, _, #{t := T}) -> with_ref(T, R, fun(Ref) -> answered(Ref, erlang:read_timer(Ref, [{async, true}])) end);
step({timer, Ms, P, R}, _, #{t := T}) -> to(T, P, fun(Pid) -> made(T, R, erlang:start_timer(Ms, Pid, R)) end);
step({'after', Ms, P, K, R}, _, #{t := T}) -> to(T, P, fun(Pid) -> made(T, R, erlang:send_after(Ms, Pid, {note, K})) end);
step({cancel, R}, _, #{t := T}) -> with_ref(T, R, fun(Ref) -> left(erlang:cancel_timer(Ref)) end);
step({read, R}, _, #{t := T}) -> with_ref(T, R, fun(Ref) -> left(erlang:read_timer(Ref)) end);
step({info, P, Queue}, _, #{t := T}) ->
    to(T, P, fun(Pid) ->
                     Text = iolist_to_binary(counts(Pid)),
                     binary_to_atom(case Queue of 1 -> Text; 0 -> re:replace(Text, "q[0-9]*", "", [{return, binary}]) end)
             end);
step({yield}, _, _) -> erlang:yield(), ok.

%% The asynchronous question before this one has been answered: the same scheduler answers both, in their order (README, TIMER-4).
answered(Ref, Said) ->
    _ = erlang:read_timer(Ref),
    Said.

spawn_options(How) -> [O || {Bit, O} <- [{1, link}, {2, monitor}], How band Bit =/= 0].

born(P, #{t := T, me := Coordinator}, Child) ->
    ets:insert(T, {{pid, P}, Child}),
    Coordinator ! {born, P, Child},
    receive {control, noted} -> ok end.

left(false) -> false;
left(Ms) when is_integer(Ms) -> left.

caught(F) ->
    try F()
    catch error:Reason -> Reason
    end.

%% Of another, asked in order with what was sent to it: INFO-3. The coordinator watches as well: one less.
counts(Pid) ->
    case process_info(Pid, [links, monitors, monitored_by, message_queue_len, trap_exit]) of
        undefined -> "gone";
        [{_, L}, {_, M}, {_, B}, {_, Q}, {_, X}] ->
            io_lib:format("l~bm~bb~bq~b~s", [length(L), length(M), length(B) - 1, Q, [$x || X]])
    end.
