import { testFaults } from './scenario.ts'

testFaults('etcd')
