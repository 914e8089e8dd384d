%% The OTP side of the codec's tests. Batches are frames <<Size:32, Bytes>>, one for each case, in order.
-module(codec).
-export([generate/1, check/1, compare/1, echo/1]).

%% Gives the pid (as text) of the process that holds the batch, and the terms' bytes.
generate(<<Seed:32, First:32, Count:32>>) ->
    Caller = self(),
    {Holder, Monitor} = spawn_monitor(fun() ->
        Batch = [make(Seed, Case) || Case <- lists:seq(First, First + Count - 1)],
        Caller ! {self(), [[<<(byte_size(Wire)):32>>, Wire] || {_, _, _, Wire} <- Batch]},
        receive {check, From, Bytes} -> From ! {self(), failures(Batch, Bytes)} end
    end),
    receive
        {Holder, Frames} ->
            demonitor(Monitor, [flush]),
            Name = pid_to_list(Holder),
            [length(Name), Name, Frames];
        {'DOWN', Monitor, process, Holder, Reason} -> exit(Reason)
    end.

%% What is wrong with the batch of that process, as it came back; nothing when all is well.
check(<<Length, Name:Length/binary, Bytes/binary>>) ->
    Holder = list_to_pid(binary_to_list(Name)),
    Monitor = monitor(process, Holder),
    Holder ! {check, self(), Bytes},
    receive
        {Holder, Failures} -> demonitor(Monitor, [flush]), unicode:characters_to_binary(Failures);
        {'DOWN', Monitor, process, Holder, Reason} -> exit(Reason)
    end.

%% {Case, Form, Term, Wire}: most as current nodes write terms, some in the other forms that OTP writes or reads.
make(Seed, Case) ->
    Term = terms:term(Seed, Case),
    case Case rem 16 of
        3 -> {Case, current, Term, term_to_binary(Term, [{minor_version, 2}, {compressed, 1 + Case rem 9}])};
        7 -> {Case, old, Term, term_to_binary(Term, [{minor_version, 1}])};
        11 -> {Case, old, Term, term_to_binary(Term, [{minor_version, 0}])};
        15 ->
            Wire = otherforms:encode(Term),
            true = binary_to_term(Wire) =:= Term,
            {Case, other, Term, Wire};
        _ -> {Case, current, Term, term_to_binary(Term, [{minor_version, 2}])}
    end.

failures([], <<>>) -> [];
failures([{Case, Form, Term, Wire} | Rest], <<Size:32, Bytes:Size/binary, More/binary>>) ->
    Expected = term_to_binary(Term, [{minor_version, 2}]),
    Verdict = if
        Bytes =:= Expected -> ok;
        true ->
            try binary_to_term(Bytes) of
                %% Other forms have a choice: a large big stays large, and a map keeps its order.
                Term when Form =:= other -> ok;
                Term -> "the same term, other bytes";
                _ -> "another term"
            catch
                error:_ -> "no term"
            end
    end,
    case Verdict of
        ok -> failures(Rest, More);
        _ ->
            Line = io_lib:format("case ~b (~s): ~s~n  term ~0tP~n  from ~ts~n  back ~ts~n  want ~ts~n", [Case, Form, Verdict, Term, 60, hex(Wire), hex(Bytes), hex(Expected)]),
            [Line | failures(Rest, More)]
    end.

hex(Bytes) when byte_size(Bytes) > 400 -> [hex(binary:part(Bytes, 0, 400)), "…"];
hex(Bytes) -> binary:encode_hex(Bytes).

%% Frames <<Size:32, Bytes, Length:32, Source>>: what was encoded elsewhere, and Erlang source of the term meant by it.
%% Answers with what OTP makes of the bytes, as frames of its own bytes; a difference is an error.
compare(<<>>) -> [];
compare(<<Size:32, Bytes:Size/binary, Length:32, Source:Length/binary, Rest/binary>>) ->
    Meant = evaluate(Source),
    Term = binary_to_term(Bytes),
    Written = term_to_binary(Term, [{minor_version, 2}]),
    %% The second comparison tells 0.0 from -0.0.
    case Term =:= Meant andalso Written =:= term_to_binary(Meant, [{minor_version, 2}]) of
        true -> [<<(byte_size(Written)):32>>, Written | compare(Rest)];
        false -> error({not_what_was_meant, Source, Term, Bytes})
    end.

%% Each term as OTP writes it itself.
echo(<<>>) -> [];
echo(<<Size:32, Bytes:Size/binary, Rest/binary>>) ->
    Written = term_to_binary(binary_to_term(Bytes), [{minor_version, 2}]),
    [<<(byte_size(Written)):32>>, Written | echo(Rest)].

evaluate(Source) ->
    {ok, Tokens, _} = erl_scan:string(unicode:characters_to_list(<<Source/binary, ".">>)),
    {ok, Expressions} = erl_parse:parse_exprs(Tokens),
    {value, Value, _} = erl_eval:exprs(Expressions, []),
    Value.
