export { Replica } from './replica/replica.ts'
