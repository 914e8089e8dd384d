#!/usr/bin/env escript
%% Writes terms.txt: a line for each term, `name hex`, as OTP writes it, and as peers of other times may write it
%% (../peer/otherforms.erl; OTP has read each back as the same term). Run: escript make.escript > terms.txt
main([]) ->
    Folder = filename:join(filename:dirname(escript:script_name()), "../peer"),
    [load(filename:join(Folder, Module)) || Module <- ["terms", "otherforms"]],
    put(state, rand:mwc59_seed(25)),
    lists:foreach(fun({Name, Term}) ->
        line(Name, term_to_binary(Term, [{minor_version, 2}])),
        others(Name, Term, term_to_binary(Term, [{minor_version, 2}]), 0)
    end, corpus()),
    Text = lists:duplicate(40, #{<<"name">> => <<"Ada">>, count => 1.0}),
    [line("compressed_" ++ integer_to_list(Level), term_to_binary(Text, [{minor_version, 2}, {compressed, Level}])) || Level <- [1, 6, 9]],
    [line("minor_version_" ++ integer_to_list(Version), term_to_binary({a, 'caf\x{e9}', 1.5, -2.5e-300, <<"x">>}, [{minor_version, Version}])) || Version <- [0, 1]].

%% Up to three other forms, when the term has any.
others(_, _, _, 3) -> done;
others(Name, Term, Written, Number) ->
    Other = otherforms:encode(Term),
    true = binary_to_term(Other) =:= Term,
    [line(Name ++ "_other_" ++ integer_to_list(Number), Other) || Other =/= Written],
    others(Name, Term, Written, Number + 1).

corpus() -> [
    {"integers", [0, 1, 255, 256, -1, 1 bsl 27, -(1 bsl 31), (1 bsl 31) - 1, 1 bsl 31, (1 bsl 53) - 1, 1 bsl 53, -(1 bsl 53) - 1, 1 bsl 64]},
    {"big_255_bytes", (1 bsl 2040) - 1},
    {"big_256_bytes", -(1 bsl 2040)},
    {"floats", {0.0, -0.0, 1.0, 0.1, -1.0e300, 5.0e-324, 9007199254740993.0}},
    {"atoms", [ok, '', true, false, nil, undefined, 'caf\x{e9}', '\x{3c0}', '\x{1F980}', list_to_atom(lists:duplicate(255, $x))]},
    {"atom_255_characters", list_to_atom(lists:duplicate(255, 16#1F980))},
    {"binaries", [<<>>, <<"text">>, <<"caf\x{e9}"/utf8>>, <<255, 254, 0>>]},
    {"bit_strings", [<<1:1>>, <<255, 5:3>>, <<0, 1, 2, 127:7>>]},
    {"string", "a list of bytes"},
    {"list", [1, 2.0, three, <<"four">>, [5], {6}, []]},
    {"improper_lists", [[a | b], [1, 2, 3 | <<"tail">>], [[] | {}]]},
    {"tuples", {{}, {1}, {{{nested}}}}},
    {"large_tuple", list_to_tuple(lists:seq(1, 256))},
    {"empty_map", #{}},
    {"document", #{<<"id">> => 17, <<"name">> => <<"Ada">>, <<"tags">> => [<<"a">>, <<"b">>], <<"price">> => 12.5, <<"in">> => #{<<"x">> => null}}},
    {"map_of_atoms", #{name => <<"Ada">>, age => 36, nested => #{a => #{b => c}}}},
    {"map_of_lookalikes", #{1 => int, 1.0 => float, '1' => atom, <<"1">> => binary, "1" => string, {1} => tuple, [] => nil, #{} => map}},
    {"map_of_40", maps:from_list([{integer_to_binary(Number), Number} || Number <- lists:seq(1, 40)])},
    {"proto_keys", #{<<"__proto__">> => 1, <<"constructor">> => 2}},
    {"pids", [terms:pid('foo@127.0.0.1', 98, 0, 3), terms:pid('caf\x{e9}@host', 4294967295, 4294967295, 4294967295)]},
    {"references", [terms:reference('foo@127.0.0.1', [1], 2), terms:reference(r@h, [262143, 1, 2, 3, 4], 4294967295)]},
    {"ports", [terms:port('foo@127.0.0.1', 5, 1), terms:port(r@h, 1 bsl 63, 99)]},
    {"funs", [fun lists:map/2, terms:closure_of({free, [1, 2]})]},
    {"date_time", #{'__struct__' => 'Elixir.DateTime', calendar => 'Elixir.Calendar.ISO', std_offset => 0, utc_offset => 0, time_zone => <<"Etc/UTC">>,
        zone_abbr => <<"UTC">>, microsecond => {123000, 3}, year => 2024, month => 2, day => 29, hour => 12, minute => 30, second => 59}},
    {"map_set", #{'__struct__' => 'Elixir.MapSet', version => 2, map => #{1 => [], <<"two">> => [], three => []}}},
    {"gen_call", {'$gen_call', {terms:pid(a@b, 1, 2, 3), [alias | terms:reference(a@b, [1, 2, 3], 3)]}, {get, <<"key">>}}}
].

load(Path) ->
    {ok, Module, Code} = compile:file(Path, [binary, report]),
    {module, Module} = code:load_binary(Module, Path, Code).

line(Name, Bytes) -> io:format("~s ~s~n", [Name, string:lowercase(binary_to_list(binary:encode_hex(Bytes)))]).
