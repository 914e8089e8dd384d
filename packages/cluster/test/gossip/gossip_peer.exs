# A node that gossips in the format of libcluster 3.5, for the tests of the strategy Gossip. Its socket has libcluster's options.
defmodule GossipPeer do
  use GenServer

  @pause_ms 30

  def start(options), do: {:ok, _} = GenServer.start(__MODULE__, Map.new(options), name: __MODULE__)
  def tell_of(names), do: GenServer.call(__MODULE__, {:tell_of, names})
  def heard(), do: GenServer.call(__MODULE__, :heard)

  @impl true
  def init(options) do
    {:ok, group} = :inet.parse_ipv4_address(to_charlist(options.address))
    {:ok, interface} = :inet.parse_ipv4_address(to_charlist(options.interface))

    multicast =
      if options.broadcast do
        []
      else
        [multicast_if: interface, multicast_ttl: 1, multicast_loop: true, add_membership: {group, interface}]
      end

    {:ok, socket} =
      :gen_udp.open(options.port, [:binary, active: true, ip: {0, 0, 0, 0}, reuseaddr: true, broadcast: true] ++ multicast)

    send(self(), :beat)
    {:ok, Map.merge(options, %{socket: socket, group: group, names: names(), heard: MapSet.new()})}
  end

  @impl true
  def handle_call({:tell_of, names}, _from, state), do: {:reply, :ok, %{state | names: names}}
  def handle_call(:heard, _from, state), do: {:reply, Enum.sort(state.heard), state}

  @impl true
  def handle_info(:beat, state) do
    for name <- state.names do
      :ok = :gen_udp.send(state.socket, state.group, state.port, packet(name, state.secret))
    end

    Process.send_after(self(), :beat, @pause_ms)
    {:noreply, state}
  end

  def handle_info({:udp, _socket, _address, _port, bytes}, state) do
    with "heartbeat::" <> term <- plain(bytes, state.secret),
         %{node: name} <- :erlang.binary_to_term(term) do
      {:noreply, %{state | heard: MapSet.put(state.heard, name)}}
    else
      _ -> {:noreply, state}
    end
  end

  defp names(), do: if(Node.alive?(), do: [node()], else: [])

  defp packet(name, nil), do: "heartbeat::" <> :erlang.term_to_binary(%{node: name})

  defp packet(name, secret) do
    vector = :crypto.strong_rand_bytes(16)
    options = [encrypt: true, padding: :pkcs_padding]
    vector <> :crypto.crypto_one_time(:aes_256_cbc, key(secret), vector, packet(name, nil), options)
  end

  defp plain(bytes, nil), do: bytes

  defp plain(<<vector::binary-size(16), ciphertext::binary>>, secret) do
    :crypto.crypto_one_time(:aes_256_cbc, key(secret), vector, ciphertext, encrypt: false, padding: :pkcs_padding)
  rescue
    ErlangError -> :unreadable
  end

  defp plain(_bytes, _secret), do: :unreadable

  defp key(secret), do: :crypto.hash(:sha256, secret)
end
