%% The Erlang side of bench/net: echo, stream and http on gen_tcp, a process for a connection, which is given a counted number of
%% messages at a time. erl -noinput -pa DIR -run peer_net main echo|stream|http PORT; serves until it is ended.
-module(peer_net).
-export([main/1]).

-define(PATTERN_SIZE, 1048573). %% bench/net/pattern.h
-define(AT_ONCE, 128).

main([What, Port]) ->
    spawn(fun() ->
        try
            serve(What, list_to_integer(Port))
        catch
            Class:Reason ->
                io:format(standard_error, "~p: ~p~n", [Class, Reason]),
                halt(1)
        end,
        receive never -> ok end
    end).

serve("echo", Port) -> listen(Port, raw, fun echo/1);
serve("stream", Port) ->
    Table = pattern(),
    listen(Port, raw, fun(S) -> stream(S, Table, <<>>) end);
serve("http", Port) -> listen(Port, http_bin, fun http/1).

listen(Port, Packet, Connection) ->
    {ok, L} = gen_tcp:listen(Port, [binary, {packet, Packet}, {active, false}, {reuseaddr, true}, {backlog, 4096}, {nodelay, true}]),
    [spawn_link(fun() -> accept(L, Connection) end) || _ <- lists:seq(1, 8)].

accept(L, Connection) ->
    {ok, S} = gen_tcp:accept(L),
    P = spawn(fun() -> receive go -> again(S), Connection(S) end end),
    ok = gen_tcp:controlling_process(S, P),
    P ! go,
    accept(L, Connection).

again(S) -> inet:setopts(S, [{active, ?AT_ONCE}]).

echo(S) ->
    receive
        {tcp, S, Bytes} -> gen_tcp:send(S, Bytes), echo(S);
        {tcp_passive, S} -> again(S), echo(S);
        {tcp_closed, S} -> ok
    end.

stream(S, Table, <<From:32, Count:32, Rest/binary>>) ->
    send_pattern(S, Table, From rem ?PATTERN_SIZE, Count),
    stream(S, Table, Rest);
stream(S, Table, Part) ->
    receive
        {tcp, S, Bytes} -> stream(S, Table, <<Part/binary, Bytes/binary>>);
        {tcp_passive, S} -> again(S), stream(S, Table, Part);
        {tcp_closed, S} -> ok
    end.

send_pattern(_, _, _, 0) -> ok;
send_pattern(S, Table, From, Left) ->
    N = min(Left, ?PATTERN_SIZE - From),
    case gen_tcp:send(S, binary:part(Table, From, N)) of
        ok -> send_pattern(S, Table, 0, Left - N);
        {error, _} -> exit(normal)
    end.

pattern() -> pattern(0, 1, []).
pattern(?PATTERN_SIZE, _, Bytes) -> list_to_binary(lists:reverse(Bytes));
pattern(I, X0, Bytes) ->
    X = (X0 * 1664525 + 1013904223) band 16#ffffffff,
    pattern(I + 1, X, [X bsr 24 | Bytes]).

http(S) ->
    receive
        {http, S, http_eoh} ->
            gen_tcp:send(S, <<"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 13\r\n\r\nHello, World!">>),
            inet:setopts(S, [{packet, http_bin}]),
            http(S);
        {http, S, _} -> http(S);
        {tcp_passive, S} -> again(S), http(S);
        {tcp_closed, S} -> ok
    end.
