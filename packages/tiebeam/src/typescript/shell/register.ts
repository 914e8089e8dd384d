import { register } from 'node:module'

// For `node --import tiebeam/typescript`: from then on modules in TypeScript run as they are, also with Node 20, which does not strip types.
register('./hooks.js', import.meta.url)
process.setSourceMapsEnabled(true)
