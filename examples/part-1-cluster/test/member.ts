/** The app as in a pod, but for the name server, which is the test's: `node member.js '{ "address": …, "port": … }'`. */
import { KubernetesDns } from 'tiebeam'
import { startApp } from '../src/app.ts'

const resolver = JSON.parse(process.argv[2] ?? '{}') as { address: string; port: number }
const topology = new KubernetesDns({ service: 'my-app.test', applicationName: 'my-app', resolver })
// Pods have an EPMD each; the addresses of one host would share it, and the name.
await startApp({ topologies: { kubernetes: topology }, node: { epmd: false } })
