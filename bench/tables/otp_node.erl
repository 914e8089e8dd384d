%% One OTP node of the tables benchmark: a Mnesia node with a table in RAM. It reads commands from standard input, one a line, and
%% answers each with one JSON object on standard output. tiebeam-node.mjs understands the same.
%%
%%   open Node ...                            joins these nodes and takes a copy of the table; without one, begins
%%   fill First Count Bytes                   writes rows of Bytes, First to First + Count - 1, as fast as can be
%%   await Rows                               until so many rows are here: dirty_write waits for no other node
%%   reads Count Keys                         local reads of one row, keys spread over Keys
%%   writes First Count Inflight Keys Bytes   transactions that write one row each, by Inflight processes; each row differs
%%   updates First Count Inflight Keys Bytes  transactions that read one row and write it back with another value
%%   dirty First Count Inflight Keys Bytes    dirty_write
%%   memory                                   bytes that the table takes
-module(otp_node).
-export([main/0]).

main() ->
    ok = logger:set_primary_config(level, none),
    ok = mnesia:start(),
    io:format("{\"name\":\"~s\",\"release\":\"~s\"}~n", [node(), erlang:system_info(otp_release)]),
    commands().

commands() ->
    case io:get_line("") of
        eof -> halt(0);
        Line ->
            [Command | Words] = string:lexemes(Line, " \n"),
            answer(run(Command, Words)),
            commands()
    end.

answer({Elapsed, Latencies}) ->
    Sorted = lists:sort(Latencies),
    At = fun(Part) -> lists:nth(max(1, ceil(length(Sorted) * Part)), Sorted) end,
    io:format("{\"elapsedNs\":~b,\"p50Ns\":~b,\"p99Ns\":~b}~n", [Elapsed, At(0.5), At(0.99)]);
answer(Figure) when is_integer(Figure) ->
    io:format("{\"elapsedNs\":~b}~n", [Figure]).

run("open", []) ->
    {atomic, ok} = mnesia:create_table(bench, [{ram_copies, [node()]}, {attributes, [id, value]}]),
    0;
run("open", Nodes) ->
    {ok, [_ | _]} = mnesia:change_config(extra_db_nodes, [list_to_atom(Node) || Node <- Nodes]),
    {atomic, ok} = mnesia:add_table_copy(bench, node(), ram_copies),
    ok = mnesia:wait_for_tables([bench], 60000),
    0;
run("memory", []) ->
    mnesia:table_info(bench, memory) * erlang:system_info(wordsize) + off_heap();
run(Command, Words) ->
    work(Command, [list_to_integer(Word) || Word <- Words]).

%% Binaries beyond 64 bytes stand outside of the table.
off_heap() ->
    mnesia:activity(ets, fun() ->
        mnesia:foldl(fun
            ({bench, _, Value}, Sum) when byte_size(Value) > 64 -> Sum + byte_size(Value);
            (_, Sum) -> Sum
        end, 0, bench)
    end).

work("fill", [First, Count, Bytes]) ->
    timed(fun() -> fill(First, First + Count, Bytes) end);
work("await", [Rows]) ->
    timed(fun() -> await(Rows) end);
work("reads", [Count, Keys]) ->
    timed(fun() -> read(Count, Keys) end);
work("writes", [First, Count, Inflight, Keys, Bytes]) ->
    concurrently(First, Count, Inflight, fun(Number) ->
        Row = row(Number rem Keys, Number, Bytes),
        {atomic, ok} = mnesia:transaction(fun() -> mnesia:write(Row) end)
    end);
work("updates", [First, Count, Inflight, Keys, Bytes]) ->
    concurrently(First, Count, Inflight, fun(Number) ->
        Key = Number rem Keys,
        {atomic, ok} = mnesia:transaction(fun() ->
            [{bench, Key, _}] = mnesia:read(bench, Key, write),
            mnesia:write(row(Key, Number, Bytes))
        end)
    end);
work("dirty", [First, Count, Inflight, Keys, Bytes]) ->
    concurrently(First, Count, Inflight, fun(Number) -> ok = mnesia:dirty_write(row(Number rem Keys, Number, Bytes)) end).

row(Key, Number, Bytes) -> {bench, Key, <<Number:64, 0:((Bytes - 8) * 8)>>}.

fill(End, End, _) -> ok;
fill(Number, End, Bytes) ->
    ok = mnesia:dirty_write(row(Number, Number, Bytes)),
    fill(Number + 1, End, Bytes).

await(Rows) ->
    case mnesia:table_info(bench, size) of
        Rows -> ok;
        _ -> timer:sleep(10), await(Rows)
    end.

read(0, _) -> ok;
read(Count, Keys) ->
    Key = Count rem Keys,
    [{bench, Key, _}] = mnesia:dirty_read(bench, Key),
    read(Count - 1, Keys).

timed(Work) ->
    Begin = erlang:monotonic_time(nanosecond),
    Work(),
    erlang:monotonic_time(nanosecond) - Begin.

concurrently(First, Count, Inflight, Work) ->
    Begin = erlang:monotonic_time(nanosecond),
    Each = Count div Inflight,
    Self = self(),
    [spawn_link(fun() -> Self ! {done, each(First + Writer * Each, Each, Work, [])} end) || Writer <- lists:seq(0, Inflight - 1)],
    Latencies = lists:append([receive {done, Taken} -> Taken end || _ <- lists:seq(1, Inflight)]),
    {erlang:monotonic_time(nanosecond) - Begin, Latencies}.

each(_, 0, _, Taken) -> Taken;
each(Number, Left, Work, Taken) ->
    Begin = erlang:monotonic_time(nanosecond),
    Work(Number),
    each(Number + 1, Left - 1, Work, [erlang:monotonic_time(nanosecond) - Begin | Taken]).
