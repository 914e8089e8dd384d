%% Random terms for the codec's tests: the same seed and case number give the same term (but for what is local to this
%% node: its own pids, references and ports).
-module(terms).
-export([term/2, closure_of/1, pid/4, reference/3, port/3]).

term(Seed, Case) ->
    put(state, rand:mwc59_seed(erlang:phash2({Seed, Case}, 1 bsl 32))),
    %% Large terms are rare, for the time they take; each kind still comes many times in a million.
    case Case rem 5000 of
        0 -> long_list();
        500 -> deep(leaf(), 200 + random(240));
        1000 -> list_to_tuple([leaf() || _ <- lists:seq(1, 250 + random(12))]);
        1500 -> list_to_tuple([random(300) || _ <- lists:seq(1, 65530 + random(12))]);
        2000 -> maps:from_list([{key(), leaf()} || _ <- lists:seq(1, 33 + random(3000))]);
        2500 -> bytes(65530 + random(200000));
        3000 -> <<(bytes(65530 + random(12)))/binary, 5:3>>;
        3500 -> big(4000 + random(60000));
        4000 -> lists:duplicate(1 + random(300), term(3));
        4500 -> binary:copy(<<"round and round ">>, random(5000));
        Number when Number rem 250 =:= 77 -> maps:from_list([{key(), term(1)} || _ <- lists:seq(1, 30 + random(10))]);
        Number when Number rem 250 =:= 177 -> deep(term(2), 1 + random(200));
        _ -> term(4)
    end.

term(0) -> leaf();
term(Depth) ->
    case random(20) of
        0 -> [term(Depth - 1) || _ <- some(8)];
        1 -> [term(Depth - 1) || _ <- some(4)];
        2 -> [leaf() || _ <- some(8)] ++ improper_tail();
        3 -> [leaf(), leaf() | improper_tail()];
        4 -> list_to_tuple([term(Depth - 1) || _ <- some(6)]);
        5 -> {leaf(), term(Depth - 1)};
        6 -> {atom(), [{atom(), term(Depth - 1)} || _ <- some(4)]};
        7 -> maps:from_list([{key(), term(Depth - 1)} || _ <- some(6)]);
        8 -> #{key() => term(Depth - 1), atom() => leaf()};
        9 -> maps:from_list([{text(), leaf()} || _ <- some(8)]);
        10 -> #{term(Depth - 1) => term(Depth - 1)};
        11 -> closure(term(Depth - 1), leaf());
        _ -> leaf()
    end.

leaf() ->
    case random(24) of
        N when N < 3 -> random(256);
        3 -> random(1 bsl 32) - (1 bsl 31);
        4 -> edge();
        5 -> big(random(600));
        6 -> edge();
        7 -> float_of_bits(random(1 bsl 32) bsl 32 bor random(1 bsl 32));
        8 -> float(random(2000) - 1000);
        9 -> element(1 + random(12), {0.0, -0.0, 1.0, -1.0, 0.1, 1.0e16, 9007199254740992.0, 9007199254740993.0, 5.0e-324,
                 1.7976931348623157e308, -1.0e100, 4294967296.0});
        N when N < 13 -> atom();
        N when N < 16 -> text();
        16 -> bytes(random(40));
        17 -> bits();
        18 -> [random(256) || _ <- some(12)];
        19 -> [random(300) || _ <- some(12)];
        20 -> identifier();
        21 -> identifier();
        22 -> external_fun();
        23 -> element(1 + random(7), {[], {}, #{}, <<>>, "", true, undefined})
    end.

%% Keys that a language with fewer types than Erlang's may take for one another.
key() ->
    case random(8) of
        0 -> random(3);
        1 -> float(random(3));
        2 -> integer_to_binary(random(1 bsl random(33)));
        3 -> binary_to_atom(integer_to_binary(random(3)));
        4 -> integer_to_list(random(3));
        5 -> text();
        6 -> element(1 + random(5), {<<"__proto__">>, <<"constructor">>, '__proto__', <<"toString">>, <<"">>});
        7 -> leaf()
    end.

long_list() ->
    Length = 65530 + random(12),
    case random(4) of
        0 -> [random(256) || _ <- lists:seq(1, Length)];
        1 -> lists:duplicate(Length, 255);
        2 -> [256 | [random(256) || _ <- lists:seq(2, Length)]];
        3 -> [random(256) || _ <- lists:seq(2, Length)] ++ improper_tail()
    end.

deep(Term, 0) -> Term;
deep(Term, Levels) ->
    deep(case random(5) of
        0 -> [Term];
        1 -> {Term};
        2 -> #{a => Term};
        3 -> [a | {Term}];
        4 -> {b, [Term, c]}
    end, Levels - 1).

improper_tail() ->
    case leaf() of
        List when is_list(List) -> <<"tail">>;
        Tail -> Tail
    end.

%% Around powers of two: where the tags and JavaScript's safe integers change.
edge() ->
    Power = case random(4) of
        0 -> element(1 + random(10), {8, 16, 27, 28, 31, 32, 53, 59, 63, 64});
        1 -> 2032 + random(20);
        _ -> random(80)
    end,
    sign((1 bsl Power) + random(5) - 2).

big(Bits) -> sign(binary:decode_unsigned(bytes(1 + Bits div 8)) bsr (Bits rem 8)).

sign(Integer) ->
    case random(2) of
        0 -> Integer;
        1 -> -Integer
    end.

float_of_bits(Bits) ->
    case <<Bits:64>> of
        <<Float/float>> -> Float;
        _ -> float_of_bits(Bits band 16#BFFFFFFFFFFFFFFF)
    end.

atom() ->
    case random(40) of
        0 -> binary_to_atom(iolist_to_binary(lists:duplicate(250 + random(6), $x)));
        1 -> list_to_atom(lists:duplicate(120 + random(136), 16#e9));
        2 -> list_to_atom(lists:duplicate(60 + random(196), 16#1F980));
        Number when Number < 10 -> binary_to_atom(<<"a", (integer_to_binary(random(5000)))/binary>>);
        Number when Number < 20 -> element(1 + random(8), {true, false, nil, undefined, null, nan, infinity, ''});
        Number when Number < 30 -> element(1 + random(5), {ok, error, 'EXIT', reply, node()});
        Number when Number < 35 -> element(1 + random(4), {'caf\x{e9}', '\x{ff}\x{80}', 'Elixir.Date', 'with space'});
        _ -> element(1 + random(4), {'\x{3c0}', '\x{65e5}\x{672c}', '\x{1F980}', 'e\x{301}'})
    end.

text() ->
    case random(4) of
        0 -> element(1 + random(6), {<<"">>, <<"name">>, <<"caf\x{e9}"/utf8>>, <<"\x{65e5}\x{672c}"/utf8>>, <<"\x{1F980}"/utf8>>, <<0>>});
        1 -> << <<(32 + random(95))>> || _ <- some(30) >>;
        2 -> << <<(character())/utf8>> || _ <- some(12) >>;
        3 -> integer_to_binary(random(1 bsl 32))
    end.

character() ->
    case random(16#110000 bsr random(14)) of
        Surrogate when Surrogate >= 16#D800, Surrogate < 16#E000 -> 16#FFFD;
        Character -> Character
    end.

bytes(Length) when Length > 5000 -> binary:part(binary:copy(bytes(1009), 1 + Length div 1009), 0, Length);
bytes(Length) -> << <<(random(256))>> || _ <- lists:seq(1, Length) >>.

bits() ->
    Bytes = bytes(random(20)),
    Count = random(8),
    <<Bytes/binary, (random(1 bsl Count)):Count>>.

%% Pids, references and ports: of this node, and of others that never lived.
identifier() ->
    Node = element(1 + random(5), {'foo@127.0.0.1', 'caf\x{e9}@host.test', '\x{3c0}@a.b', node(), 'x@fd00::1'}),
    Creation = case random(3) of
        0 -> 1 + random(3);
        _ -> 1 + random((1 bsl 32) - 1)
    end,
    case random(9) of
        0 -> self();
        1 -> make_ref();
        2 -> hd(erlang:ports());
        3 -> pid(Node, random(1 bsl 15), random(1 bsl 13), Creation);
        4 -> pid(Node, random(1 bsl 32), random(1 bsl 32), Creation);
        5 -> reference(Node, [random(1 bsl 18), random(1 bsl 32), random(1 bsl 32)], Creation);
        6 -> reference(Node, [random(1 bsl 18) | [random(1 bsl 32) || _ <- lists:seq(1, random(5))]], Creation);
        7 -> port(Node, random(1 bsl 28), Creation);
        8 -> port(Node, random(1 bsl 32) bsl random(33), Creation)
    end.

pid(Node, Id, Serial, Creation) ->
    binary_to_term(<<131, 88, (name(Node))/binary, Id:32, Serial:32, Creation:32>>).

reference(Node, Ids, Creation) ->
    binary_to_term(<<131, 90, (length(Ids)):16, (name(Node))/binary, Creation:32, << <<Id:32>> || Id <- Ids >>/binary>>).

port(Node, Id, Creation) ->
    binary_to_term(<<131, 120, (name(Node))/binary, Id:64, Creation:32>>).

name(Node) ->
    Name = atom_to_binary(Node),
    <<118, (byte_size(Name)):16, Name/binary>>.

external_fun() ->
    element(1 + random(4), {fun lists:map/2, fun erlang:'+'/2, fun 'Elixir.Enum':'any?'/1, fun nowhere:'caf\x{e9}'/255}).

closure(One, Two) ->
    case random(3) of
        0 -> fun() -> One end;
        1 -> fun(Argument) -> {Argument, One, Two} end;
        2 -> fun term/1
    end.

closure_of(Free) -> fun(Argument) -> {Argument, Free} end.

some(Limit) -> lists:seq(1, random(Limit)).

%% 0 … Limit-1
random(Limit) ->
    State = rand:mwc59(get(state)),
    put(state, State),
    rand:mwc59_value32(State) rem Limit.
