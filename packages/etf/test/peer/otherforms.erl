%% A second encoder of terms, which takes at random any of the forms that OTP reads, old and roomy ones included.
-module(otherforms).
-export([encode/1]).

encode(Term) -> iolist_to_binary([131, form(Term)]).

form(Atom) when is_atom(Atom) ->
    Utf8 = atom_to_binary(Atom, utf8),
    Latin1 = try atom_to_binary(Atom, latin1) catch error:_ -> none end,
    pick([fun() -> [<<118, (byte_size(Utf8)):16>>, Utf8] end] ++
        [fun() -> [119, byte_size(Utf8), Utf8] end || byte_size(Utf8) < 256] ++
        [fun() -> [<<100, (byte_size(Latin1)):16>>, Latin1] end || Latin1 =/= none] ++
        [fun() -> [115, byte_size(Latin1), Latin1] end || Latin1 =/= none]);
form(Integer) when is_integer(Integer) ->
    Magnitude = binary:encode_unsigned(abs(Integer), little),
    %% Zeros at the most significant end change nothing.
    Padded = <<Magnitude/binary, 0:(8 * pick([0, 0, 3]))>>,
    Sign = case Integer < 0 of true -> 1; false -> 0 end,
    pick([fun() -> [<<111, (byte_size(Padded)):32, Sign>>, Padded] end] ++
        [fun() -> [<<110, (byte_size(Padded)), Sign>>, Padded] end || byte_size(Padded) < 256] ++
        [fun() -> <<98, Integer:32>> end || Integer >= -(1 bsl 31), Integer < 1 bsl 31] ++
        [fun() -> <<97, Integer>> end || Integer >= 0, Integer < 256]);
form(Float) when is_float(Float) ->
    pick([fun() -> <<70, Float/float>> end, fun() -> [99, text(Float)] end]);
form([]) -> 106;
form(List) when is_list(List) ->
    {Elements, Tail} = split(List, []),
    Short = Tail =:= [] andalso length(List) < 65536 andalso lists:all(fun(E) -> is_integer(E) andalso E >= 0 andalso E < 256 end, List),
    pick([fun() -> [<<108, (length(Elements)):32>>, [form(Element) || Element <- Elements], form(Tail)] end] ++
        [fun() -> [<<107, (length(List)):16>>, List] end || Short]);
form(Tuple) when is_tuple(Tuple) ->
    Elements = fun() -> [form(Element) || Element <- tuple_to_list(Tuple)] end,
    pick([fun() -> [<<105, (tuple_size(Tuple)):32>>, Elements()] end] ++
        [fun() -> [104, tuple_size(Tuple), Elements()] end || tuple_size(Tuple) < 256]);
form(Map) when is_map(Map) ->
    Pairs = maps:to_list(Map),
    Ordered = pick([Pairs, lists:reverse(Pairs)]),
    [<<116, (map_size(Map)):32>>, [[form(Key), form(Value)] || {Key, Value} <- Ordered]];
form(Binary) when is_binary(Binary) ->
    pick([fun() -> [<<109, (byte_size(Binary)):32>>, Binary] end] ++
        [fun() -> [<<77, (byte_size(Binary)):32, 8>>, Binary] end || Binary =/= <<>>]);
form(Other) ->
    <<131, Bytes/binary>> = term_to_binary(Other, [{minor_version, 2}]),
    identifier(Bytes).

%% Identifiers, taken apart from the form that OTP writes; the old ones have room for a creation of 8 bits.
identifier(<<88, Rest/binary>>) ->
    {Node, <<Id:32, Serial:32, Creation:32>>} = name(Rest),
    pick([fun() -> [88, form(Node), <<Id:32, Serial:32, Creation:32>>] end] ++
        [fun() -> [103, form(Node), <<Id:32, Serial:32, Creation>>] end || Creation < 256]);
identifier(<<90, Count:16, Rest/binary>>) ->
    {Node, <<Creation:32, Ids/binary>>} = name(Rest),
    pick([fun() -> [<<90, Count:16>>, form(Node), <<Creation:32>>, Ids] end] ++
        [fun() -> [<<114, Count:16>>, form(Node), Creation, Ids] end || Creation < 256] ++
        [fun() -> [101, form(Node), Ids, Creation] end || Creation < 256, Count =:= 1]);
identifier(<<Tag, Rest/binary>>) when Tag =:= 89; Tag =:= 120 ->
    {Node, Numbers} = name(Rest),
    Width = byte_size(Numbers) * 8 - 32,
    <<Id:Width, Creation:32>> = Numbers,
    pick([fun() -> [120, form(Node), <<Id:64, Creation:32>>] end] ++
        [fun() -> [89, form(Node), <<Id:32, Creation:32>>] end || Id < 1 bsl 28] ++
        [fun() -> [102, form(Node), <<Id:32, Creation>>] end || Id < 1 bsl 28, Creation < 256]);
identifier(Bytes) -> Bytes.

name(<<119, Length, Name:Length/binary, Rest/binary>>) -> {binary_to_atom(Name), Rest};
name(<<118, Length:16, Name:Length/binary, Rest/binary>>) -> {binary_to_atom(Name), Rest}.

split([Element | Rest], Elements) -> split(Rest, [Element | Elements]);
split(Tail, Elements) -> {lists:reverse(Elements), Tail}.

%% 31 bytes, as sprintf("%.20e") of OTP before R10 wrote it.
text(Float) ->
    Text = iolist_to_binary(io_lib:format("~.20e", [Float])),
    <<Text/binary, 0:(8 * (31 - byte_size(Text)))>>.

pick(Choices) ->
    State = rand:mwc59(get(state)),
    put(state, State),
    case lists:nth(1 + rand:mwc59_value32(State) rem length(Choices), Choices) of
        Form when is_function(Form, 0) -> Form();
        Value -> Value
    end.
