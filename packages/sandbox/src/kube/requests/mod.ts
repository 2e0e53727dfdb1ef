export { encodeObject } from './object-reader.ts'
export { parseRequestInfo } from './request-info.ts'
export { createApiServer } from './serving/api-server.ts'
export type {
  AdmissionPlugin,
  AdmissionRequest,
  ApiRequest,
  ApiServer,
} from './types.ts'
