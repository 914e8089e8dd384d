%% One OTP node of the distribution benchmark. It reads commands from standard input, one a line, and answers each with
%% one JSON object on standard output. The messages are those of tiebeam-node.mjs, so that either can be the other's peer.
%%
%%   oneway Node Payload Count     Count messages to Node's sink; the clock stops when the sink reports that it has all
%%   roundtrip Node Count Inflight Count small round trips with Node's echo, by Inflight processes, one after the other each
%%   loaded Node Payload Count     small round trips, one a millisecond at most, while a oneway is under way
%%   stop
-module(otp_node).
-export([main/0]).

main() ->
    register(sink, spawn(fun sink/0)),
    register(echo, spawn(fun echo/0)),
    io:format("{\"name\":\"~s\",\"release\":\"~s\"}~n", [node(), erlang:system_info(otp_release)]),
    commands().

commands() ->
    case io:get_line("") of
        eof -> halt(0);
        Line ->
            case string:lexemes(Line, " \n") of
                ["oneway", Node, Payload, Count] ->
                    Elapsed = oneway(list_to_atom(Node), Payload, list_to_integer(Count)),
                    io:format("{\"elapsedNs\":~b}~n", [Elapsed]);
                ["roundtrip", Node, Count, Inflight] ->
                    Elapsed = roundtrips(list_to_atom(Node), list_to_integer(Count), list_to_integer(Inflight)),
                    io:format("{\"elapsedNs\":~b}~n", [Elapsed]);
                ["loaded", Node, Payload, Count] ->
                    {Elapsed, Samples} = loaded(list_to_atom(Node), Payload, list_to_integer(Count)),
                    Text = lists:join(",", [integer_to_list(Sample) || Sample <- Samples]),
                    io:format("{\"elapsedNs\":~b,\"roundTripsNs\":[~s]}~n", [Elapsed, Text]);
                ["stop"] -> halt(0)
            end,
            commands()
    end.

%% The receiving side. Each stream of messages has a process of its own, whose mailbox holds nothing else.

sink() ->
    receive
        {open, From, Payload, Count} ->
            spawn(fun() -> receive_stream(From, Payload, Count) end),
            sink()
    end.

receive_stream(From, Payload, Count) ->
    From ! {opened, self()},
    From ! {received, receive_messages(Payload, Count, 0)}.

receive_messages(_, 0, Sum) -> Sum;
receive_messages(map, Count, Sum) ->
    receive #{<<"id">> := Id} -> receive_messages(map, Count - 1, Sum + Id) end;
receive_messages(atom_map, Count, Sum) ->
    receive #{id := Id} -> receive_messages(atom_map, Count - 1, Sum + Id) end;
receive_messages(bytes, Count, Sum) ->
    receive
        Bytes when is_binary(Bytes) -> receive_messages(bytes, Count - 1, Sum + middle(Bytes))
    end.

echo() ->
    receive
        {ping, From, Number} ->
            From ! {pong, Number},
            echo()
    end.

%% The sending side.

oneway(Node, Payload, Count) -> oneway(Node, Payload, Count, fun() -> ok end).

oneway(Node, Payload, Count, OnBegin) ->
    in_process(fun() ->
        {Kind, Pool, Size, Sums} = pool(Payload),
        erlang:garbage_collect(),
        {sink, Node} ! {open, self(), Kind, Count},
        Sink = receive {opened, Pid} -> Pid end,
        OnBegin(),
        Begin = erlang:monotonic_time(nanosecond),
        send_messages(Sink, Pool, Size, 0, Count),
        Sum = receive {received, Received} -> Received end,
        Elapsed = erlang:monotonic_time(nanosecond) - Begin,
        Sum = expected_sum(Sums, Size, Count),
        Elapsed
    end).

send_messages(_, _, _, Count, Count) -> ok;
send_messages(Sink, Pool, Size, Index, Count) ->
    Sink ! element(Index rem Size + 1, Pool),
    send_messages(Sink, Pool, Size, Index + 1, Count).

roundtrips(Node, Count, Inflight) ->
    Begin = erlang:monotonic_time(nanosecond),
    Each = Count div Inflight,
    Pids = [spawn_monitor(fun() -> roundtrips_of_one({echo, Node}, Each) end) || _ <- lists:seq(1, Inflight)],
    [receive {'DOWN', Reference, process, Pid, normal} -> ok end || {Pid, Reference} <- Pids],
    erlang:monotonic_time(nanosecond) - Begin.

roundtrips_of_one(_, 0) -> ok;
roundtrips_of_one(Echo, Number) ->
    roundtrip(Echo, Number),
    roundtrips_of_one(Echo, Number - 1).

roundtrip(Echo, Number) ->
    Echo ! {ping, self(), Number},
    receive {pong, Number} -> ok end.

loaded(Node, Payload, Count) ->
    Self = self(),
    Pinger = spawn(fun() -> receive start -> Self ! {samples, pinger({echo, Node}, 1, [])} end end),
    Elapsed = oneway(Node, Payload, Count, fun() -> Pinger ! start end),
    Pinger ! stop,
    {Elapsed, receive {samples, Samples} -> Samples end}.

pinger(Echo, Number, Samples) ->
    Begin = erlang:monotonic_time(nanosecond),
    roundtrip(Echo, Number),
    Sample = erlang:monotonic_time(nanosecond) - Begin,
    receive stop -> [Sample | Samples]
    after 1 -> pinger(Echo, Number + 1, [Sample | Samples])
    end.

%% The messages: made before the clock starts, all different.

pool("map") -> pool(map, 1024, fun(Index) -> {small_map(Index), Index} end);
pool("atom-map") -> pool(atom_map, 1024, fun(Index) -> {small_atom_map(Index), Index} end);
pool("text:" ++ Length) ->
    Bytes = list_to_integer(Length),
    pool(bytes, 1024, fun(_) ->
        Text = << <<($a + Byte rem 26)>> || <<Byte>> <= rand:bytes(Bytes) >>,
        {Text, middle(Text)}
    end);
pool("bytes:" ++ Length) ->
    Bytes = list_to_integer(Length),
    pool(bytes, max(2, min(1024, 16#1000000 div Bytes)), fun(_) ->
        %% 255 never occurs in UTF-8: no receiver takes the bytes for text.
        Message = <<255, (rand:bytes(Bytes - 1))/binary>>,
        {Message, middle(Message)}
    end).

pool(Kind, Size, Make) ->
    {Messages, Values} = lists:unzip([Make(Index) || Index <- lists:seq(1, Size)]),
    {Kind, list_to_tuple(Messages), Size, Values}.

small_map(Index) ->
    #{<<"id">> => Index, <<"name">> => <<"sensor-", (integer_to_binary(Index))/binary>>, <<"value">> => Index / 7,
      <<"active">> => Index rem 3 =:= 0, <<"tags">> => [<<"roof">>, <<"north">>], <<"count">> => Index * 1000}.

small_atom_map(Index) ->
    #{id => Index, name => <<"sensor-", (integer_to_binary(Index))/binary>>, value => Index / 7,
      active => Index rem 3 =:= 0, tags => [<<"roof">>, <<"north">>], count => Index * 1000}.

middle(Bytes) -> binary:at(Bytes, byte_size(Bytes) div 2).

expected_sum(Sums, Size, Count) ->
    Whole = Count div Size,
    Whole * lists:sum(Sums) + lists:sum(lists:sublist(Sums, Count rem Size)).

in_process(Run) ->
    Self = self(),
    {Pid, Reference} = spawn_monitor(fun() -> Self ! {result, self(), Run()} end),
    receive
        {result, Pid, Result} ->
            erlang:demonitor(Reference, [flush]),
            Result;
        {'DOWN', Reference, process, Pid, Reason} -> error(Reason)
    end.
