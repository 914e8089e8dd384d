import { storeDefinitions } from '../../src/api/definition.ts'
import { createTables } from '../../src/api/tables.ts'
import { definitions } from './compliance/members.ts'
import { testCompliance } from './compliance.ts'
import { LocalCluster } from './local-cluster.ts'

testCompliance('three replicas in one process', async (context) => {
  const cluster = new LocalCluster()
  context.after(() => cluster[Symbol.asyncDispose]())
  const opened = []
  for (const node of ['one', 'two', 'three']) {
    const member = await cluster.start(node, { definitions: storeDefinitions(definitions) })
    opened.push((await createTables(member, definitions)).tables)
  }
  return opened
})
