/** npm run peers: builds the peers of the tests that no package manager has, each once, into a cache outside of the repository. */
import { ready, runMain } from './ready.mjs'

await runMain(async () => {
  await ready(['packages/testing'])
  const { buildPeer, builtPeers } = await import('@tiebeam/testing')
  for (const peer of builtPeers()) {
    if (!peer.built) console.error(`Building ${peer.name}; this may take some minutes …`)
    const start = performance.now()
    buildPeer(peer)
    console.error(
      `${peer.name}: ${peer.built ? 'is there' : `built in ${Math.round((performance.now() - start) / 1000)} s`}, ${peer.path}`,
    )
  }
  return 0
})
