import { memory } from '@tiebeam/tables'
import { authorityCompliance } from './compliance.ts'

authorityCompliance({
  name: 'in memory',
  fixture: async () => {
    const kind = memory()
    return { kinds: Array.from({ length: 4 }, () => kind) }
  },
})
