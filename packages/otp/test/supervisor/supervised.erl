%% Runs scripts of what happens to a supervisor and its children in OTP's supervisor, and tells what it did, in order.
-module(supervised).
-behaviour(supervisor).
-export([run/1, init/1, start_child/2, start_child/3, child/4]).

run(Bytes) ->
    term_to_binary([scenario(Scenario) || Scenario <- binary_to_term(Bytes)]).

scenario(#{<<"fail">> := Fail, <<"steps">> := Steps} = Scenario) ->
    process_flag(trap_exit, true),
    Recorder = spawn_link(fun() -> recorder(#{}, #{}, []) end),
    fail_next(Recorder, Fail),
    Trace = case supervisor:start_link(?MODULE, {Recorder, Scenario}) of
        {ok, Sup} ->
            note(Recorder, [<<"initialised">>]),
            steps(Steps, Sup, Recorder, Scenario),
            exit(Sup, shutdown),
            receive {'EXIT', Sup, Reason} -> note(Recorder, [<<"end">>, text(Reason)]) end,
            call(Recorder, trace);
        {error, Reason} ->
            note(Recorder, [<<"end">>, text(Reason)]),
            receive {'EXIT', _, Reason} -> ok end,
            call(Recorder, trace)
    end,
    unlink(Recorder),
    exit(Recorder, kill),
    Trace.

init({Recorder, #{<<"strategy">> := Strategy, <<"restartsMax">> := Max, <<"autoShutdown">> := Auto, <<"children">> := Children}}) ->
    Flags = #{strategy => atom(Strategy), intensity => Max, period => 3600, auto_shutdown => atom(Auto)},
    {ok, {Flags, [spec(Child, Recorder) || Child <- Children]}}.

spec(#{<<"id">> := Id, <<"restart">> := Restart, <<"shutdown">> := Shutdown, <<"type">> := Type,
       <<"significant">> := Significant} = Child, Recorder) ->
    Time = case Shutdown of
        Ms when is_integer(Ms) -> Ms;
        _ -> atom(Shutdown)
    end,
    #{id => Id, start => {?MODULE, start_child, [Recorder, Child]}, restart => atom(Restart), shutdown => Time,
      type => atom(Type), significant => Significant}.

start_child(Recorder, Child, Id) -> start_child(Recorder, Child#{<<"id">> := Id}).

start_child(Recorder, #{<<"id">> := Id, <<"behaviour">> := Behaviour}) ->
    case call(Recorder, {starting, Id}) of
        ok ->
            {ok, Pid} = proc_lib:start_link(?MODULE, child, [self(), Recorder, Id, Behaviour]),
            {ok, Pid};
        fail ->
            {error, no_luck}
    end.

child(Sup, Recorder, Id, Behaviour) ->
    process_flag(trap_exit, true),
    call(Recorder, {started, Id, self()}),
    proc_lib:init_ack({ok, self()}),
    loop(Sup, Behaviour).

loop(Sup, Behaviour) ->
    receive
        {exit, Reason} -> exit(Reason);
        {'EXIT', Sup, shutdown} when Behaviour =:= <<"stubborn">> -> loop(Sup, Behaviour);
        {'EXIT', Sup, shutdown} when Behaviour =:= <<"failing">> -> exit(oops);
        {'EXIT', Sup, shutdown} when Behaviour =:= <<"quitting">> -> exit(normal);
        {'EXIT', Sup, shutdown} when Behaviour =:= <<"unlinking">> -> unlink(Sup), exit(gone);
        {'EXIT', Sup, Reason} -> exit(Reason)
    end.

steps([], _, _, _) -> ok;
steps([[<<"fail">>, Id, Count] | Rest], Sup, Recorder, Scenario) ->
    fail_next(Recorder, #{Id => Count}),
    steps(Rest, Sup, Recorder, Scenario);
steps([Step | Rest], Sup, Recorder, Scenario) ->
    note(Recorder, [<<"step">> | Step]),
    try
        step(Step, Sup, Recorder, Scenario),
        settle(Sup, Recorder),
        steps(Rest, Sup, Recorder, Scenario)
    catch
        exit:{_, {gen_server, call, _}} -> ok
    end.

step([<<"exit">>, Id, Reason], _, Recorder, _) ->
    case call(Recorder, {pid, Id}) of
        none -> ok;
        Pid ->
            Ref = monitor(process, Pid),
            Pid ! {exit, reason(Reason)},
            receive {'DOWN', Ref, _, _, _} -> ok end
    end;
step([<<"kill">>, Ids], Sup, Recorder, _) ->
    sys:suspend(Sup),
    [begin
         Ref = monitor(process, Pid),
         exit(Pid, kill),
         receive {'DOWN', Ref, _, _, _} -> ok end
     end || Id <- Ids, Pid <- [call(Recorder, {pid, Id})], Pid =/= none],
    sys:resume(Sup);
step([<<"terminate">>, Id], Sup, Recorder, #{<<"strategy">> := <<"simple_one_for_one">>}) ->
    case call(Recorder, {pid, Id}) of
        none -> ok;
        Pid -> result(Recorder, supervisor:terminate_child(Sup, Pid))
    end;
step([<<"terminate">>, Id], Sup, Recorder, _) -> result(Recorder, supervisor:terminate_child(Sup, Id));
step([<<"restart">>, Id], Sup, Recorder, _) -> result(Recorder, supervisor:restart_child(Sup, Id));
step([<<"delete">>, Id], Sup, Recorder, _) -> result(Recorder, supervisor:delete_child(Sup, Id));
step([<<"start">>, #{<<"id">> := Id}], Sup, Recorder, #{<<"strategy">> := <<"simple_one_for_one">>}) ->
    case call(Recorder, {pid, Id}) of
        none -> result(Recorder, supervisor:start_child(Sup, [Id]));
        _ -> ok
    end;
step([<<"start">>, Child], Sup, Recorder, _) -> result(Recorder, supervisor:start_child(Sup, spec(Child, Recorder))).

result(Recorder, ok) -> note(Recorder, [<<"result">>, <<"ok">>]);
result(Recorder, {ok, _}) -> note(Recorder, [<<"result">>, <<"started">>]);
result(Recorder, {error, {already_started, _}}) -> note(Recorder, [<<"result">>, <<"already_started">>]);
result(Recorder, {error, Reason}) when is_atom(Reason), Reason =/= no_luck ->
    note(Recorder, [<<"result">>, atom_to_binary(Reason)]);
result(Recorder, {error, _}) -> note(Recorder, [<<"result">>, <<"start_failed">>]).

%% Until nothing is tried again.
settle(Sup, Recorder) ->
    Children = supervisor:which_children(Sup),
    case lists:keymember(restarting, 2, Children) of
        true -> settle(Sup, Recorder);
        false ->
            Shown = [[id(Id), is_pid(Pid), Type] || {Id, Pid, Type, _} <- Children],
            note(Recorder, [<<"children">>, lists:sort(Shown)]),
            note(Recorder, [<<"counts">> | [N || {What, N} <- supervisor:count_children(Sup), What =/= specs]])
    end.

id(undefined) -> <<>>;
id(Id) -> Id.

fail_next(Recorder, Counts) -> call(Recorder, {fail, Counts}).
note(Recorder, Event) -> call(Recorder, {note, Event}).

%% Fail: how many of the next starts of a child fail. Pids: the latest of each child, while it lives.
recorder(Fail, Pids, Trace) ->
    receive
        {call, From, Ref, Request} ->
            {Answer, Fail1, Pids1, Trace1} = record(Request, Fail, Pids, Trace),
            From ! {Ref, Answer},
            recorder(Fail1, Pids1, Trace1);
        {'DOWN', _, _, Pid, Reason} ->
            [Id] = [Id || {Id, P} <- maps:to_list(Pids), P =:= Pid],
            recorder(Fail, maps:remove(Id, Pids), [[<<"ended">>, Id, text(Reason)] | Trace])
    end.

record({starting, Id}, Fail, Pids, Trace) ->
    case maps:get(Id, Fail, 0) of
        0 -> {ok, Fail, Pids, Trace};
        N -> {fail, Fail#{Id => N - 1}, Pids, [[<<"start_failed">>, Id] | Trace]}
    end;
record({started, Id, Pid}, Fail, Pids, Trace) ->
    monitor(process, Pid),
    {ok, Fail, Pids#{Id => Pid}, [[<<"started">>, Id] | Trace]};
record({fail, Counts}, Fail, Pids, Trace) -> {ok, maps:merge(Fail, Counts), Pids, Trace};
record({pid, Id}, Fail, Pids, Trace) -> {maps:get(Id, Pids, none), Fail, Pids, Trace};
record({note, Event}, Fail, Pids, Trace) -> {ok, Fail, Pids, [Event | Trace]};
record(trace, Fail, Pids, Trace) -> {lists:reverse(Trace), Fail, Pids, Trace}.

call(Recorder, Request) ->
    Ref = make_ref(),
    Recorder ! {call, self(), Ref, Request},
    receive {Ref, Answer} -> Answer end.

reason(<<"bye">>) -> {shutdown, bye};
reason(Text) -> atom(Text).

text(Reason) -> iolist_to_binary(io_lib:format("~0p", [Reason])).

atom(Text) -> binary_to_atom(Text).
