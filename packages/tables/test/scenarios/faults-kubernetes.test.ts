import { testFaults } from './scenario.ts'

testFaults('kubernetes')
