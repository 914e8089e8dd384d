-module(echo).
-export([echo/1]).

echo(Bytes) -> Bytes.
