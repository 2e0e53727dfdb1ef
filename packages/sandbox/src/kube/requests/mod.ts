export { parseRequestInfo } from './request-info.ts'
export { type ApiServerOptions, createApiServer } from './serving/api-server.ts'
export type {
  AdmissionPlugin,
  AdmissionRequest,
  ApiRequest,
  ApiServer,
  Attributes,
  Authorization,
  Authorizer,
  DeleteOptions,
  LocalClient,
  RequestInfo,
  Restriction,
} from './types.ts'
