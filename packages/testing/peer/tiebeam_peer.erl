%% The far end of `startErl`: evaluates what arrives on one file descriptor, in frames with a 4-byte length.
%%
%% Request: <<Id:32, Kind, NameLength, Name, Rest>>
%%   $e  evaluate Rest, Erlang source, in the process called Name; the answer is text
%%   $t  the same, the answer is term_to_binary
%%   $x  evaluate Rest, Elixir source, in the process called Name; the answer is text
%%   $c  call Name, "module:function", with Rest as a binary, in a process of its own; it gives iodata
%%   $l  compile and load the Erlang source file Rest
%% Answer: <<Id:32, $r, Result>> or <<Id:32, $x, Description>>; <<0:32, $m, Bytes>> is a message of emit/1.
-module(tiebeam_peer).
-export([start/1, emit/1]).

start(FileDescriptor) ->
    spawn(fun() ->
        process_flag(trap_exit, true),
        register(?MODULE, self()),
        Port = open_port({fd, FileDescriptor, FileDescriptor}, [{packet, 4}, binary]),
        persistent_term:put(?MODULE, Port),
        answer(Port, 0, $r, <<"ready">>),
        loop(Port, #{})
    end).

%% Sends bytes to the test, on its own account.
emit(Bytes) ->
    answer(persistent_term:get(?MODULE), 0, $m, Bytes).

%% Shells: name => {pid, id of the request it is at}.
loop(Port, Shells) ->
    receive
        {Port, {data, <<Id:32, Kind, Length, Name:Length/binary, Rest/binary>>}} ->
            loop(Port, request(Kind, Port, Id, Name, Rest, Shells));
        {'EXIT', Port, _} ->
            %% The test is gone: so are we, with no time for a clean end.
            erlang:halt(0, [{flush, false}]);
        {done, Name, Id} ->
            case Shells of
                #{Name := {Pid, Id}} -> loop(Port, Shells#{Name := {Pid, none}});
                #{} -> loop(Port, Shells)
            end;
        {'DOWN', _, process, Pid, Reason} ->
            Dead = [{Name, Id} || {Name, {Shell, Id}} <- maps:to_list(Shells), Shell =:= Pid],
            [answer(Port, Id, $x, text("the process ended: ~0tp", [Reason])) || {_, Id} <- Dead, Id =/= none],
            loop(Port, maps:without([Name || {Name, _} <- Dead], Shells));
        _ ->
            loop(Port, Shells)
    end.

request(Kind, Port, Id, Name, Source, Shells) when Kind =:= $e; Kind =:= $t; Kind =:= $x ->
    Peer = self(),
    Pid = case Shells of
        #{Name := {Known, _}} -> Known;
        #{} -> element(1, spawn_monitor(fun() -> shell(Peer, Name, Port, #{erlang => [], elixir => []}) end))
    end,
    Pid ! {?MODULE, Kind, Id, Source},
    Shells#{Name => {Pid, Id}};
request($c, Port, Id, Name, Argument, Shells) ->
    [Module, Function] = [binary_to_atom(Part) || Part <- binary:split(Name, <<":">>)],
    spawn(fun() -> reply(Port, Id, fun() -> Module:Function(Argument) end) end),
    Shells;
request($l, Port, Id, _, Path, Shells) ->
    spawn(fun() ->
        reply(Port, Id, fun() ->
            case compile:file(unicode:characters_to_list(Path), [binary, return_errors, debug_info]) of
                {ok, Module, Code} ->
                    {module, Module} = code:load_binary(Module, unicode:characters_to_list(Path), Code),
                    atom_to_binary(Module);
                {error, Errors, _} ->
                    error({compile, Errors})
            end
        end)
    end),
    Shells.

%% One process that evaluates in turn and keeps its variables, like the shell does.
shell(Peer, Name, Port, Bindings) ->
    receive
        {?MODULE, Kind, Id, Source} ->
            Self = self(),
            Ref = make_ref(),
            reply(Port, Id, fun() ->
                {Result, Changed} = evaluate(Kind, Source, Bindings),
                Self ! {Ref, Changed},
                Result
            end),
            Peer ! {done, Name, Id},
            receive
                {Ref, Changed} -> shell(Peer, Name, Port, Changed)
            after 0 -> shell(Peer, Name, Port, Bindings)
            end
    end.

evaluate($x, Source, #{elixir := Bindings} = All) ->
    {Value, Changed} = apply('Elixir.Code', eval_string, [Source, Bindings]),
    Options = [{limit, infinity}, {printable_limit, infinity}],
    {apply('Elixir.Kernel', inspect, [Value, Options]), All#{elixir := Changed}};
evaluate(Kind, Source, #{erlang := Bindings} = All) ->
    {ok, Tokens, _} = erl_scan:string(unicode:characters_to_list(Source)),
    case erl_parse:parse_exprs(Tokens) of
        {ok, Expressions} ->
            {value, Value, Changed} = erl_eval:exprs(Expressions, Bindings),
            {form(Kind, Value), All#{erlang := Changed}};
        {error, {Line, Module, Description}} ->
            error({syntax, Line, lists:flatten(Module:format_error(Description))})
    end.

form($e, Value) -> text("~0tp", [Value]);
form($t, Value) -> term_to_binary(Value, [{minor_version, 2}]).

reply(Port, Id, Work) ->
    try Work() of
        Result -> answer(Port, Id, $r, Result)
    catch
        Class:Reason:Stack -> answer(Port, Id, $x, text("~tp: ~0tp~n~tp", [Class, Reason, Stack]))
    end.

answer(Port, Id, Kind, Data) ->
    port_command(Port, [<<Id:32, Kind>>, Data]).

text(Format, Arguments) ->
    unicode:characters_to_binary(io_lib:format(Format, Arguments)).
