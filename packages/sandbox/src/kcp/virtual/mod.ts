import { MASTERS } from '../../kube/authn/mod.ts'
import { forbidden } from '../../kube/authz/mod.ts'
import type { HttpRequest, HttpResponse } from '../../kube/http.ts'
import type { UserInfo } from '../../kube/user.ts'
import { aboutPath } from '../authz/mod.ts'
import { ROOT_CLUSTER } from '../names.ts'
import { plainText } from '../plain-text.ts'
import { exportUrl, schemasUrl, stepUrl } from '../virtual-urls.ts'
import { ExportWorkspaces } from './exports/mod.ts'
import { SchemaWorkspaces } from './schemas/mod.ts'
import { StepWorkspaces } from './steps/mod.ts'
import type { VirtualWorkspaceOptions, VirtualWorkspaces } from './types.ts'

/** What a shard answers below `/services/` (contract 1.13). */
export function createVirtualWorkspaces(options: VirtualWorkspaceOptions): VirtualWorkspaces {
  const exports = new ExportWorkspaces(options)
  const steps = new StepWorkspaces(options)
  const schemas = new SchemaWorkspaces(options)
  return {
    async answer(request, user) {
      const { path } = request
      const [ofExport, ofStep, ofSchemas] = [exportUrl(path), stepUrl(path), schemasUrl(path)]
      if (ofStep !== undefined) return steps.answer(ofStep, request, user)
      const answered =
        (ofExport && (await exports.answer(ofExport, request, user))) ??
        (ofSchemas && (await schemas.answer(ofSchemas, request, user)))
      return answered ?? nothingHere(request, user)
    },
    close() {
      exports.close()
      steps.close()
    },
  }
}

/** Nobody has an opinion, which is a refusal for all but system:masters (contract 1.14, 7.9). */
function nothingHere({ method, path }: HttpRequest, user: UserInfo): HttpResponse {
  if (user.groups.includes(MASTERS)) return plainText(404, '404 page not found')
  throw forbidden(aboutPath({ cluster: ROOT_CLUSTER, user, verb: method.toLowerCase(), path }), '')
}
