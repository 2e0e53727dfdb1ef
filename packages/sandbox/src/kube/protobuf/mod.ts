export { decodeProtobuf, ProtobufError } from './decode.ts'
