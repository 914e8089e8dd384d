import { testFaults } from './scenario.ts'

testFaults('members')
