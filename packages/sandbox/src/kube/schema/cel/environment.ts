import { registerComprehensions } from './comprehensions.ts'
import { registerLists } from './lib-lists.ts'
import { registerNetwork } from './lib-network.ts'
import { registerText } from './lib-text.ts'
import { Environment } from './library.ts'
import { registerQuantities } from './quantity.ts'
import { registerSemver } from './semver.ts'

let base: Environment | undefined

/** What every rule can use: the library's own functions and Kubernetes' extensions; made when first asked for. */
export function baseEnvironment(): Environment {
  if (base !== undefined) return base
  const environment = new Environment({ enableOptionalTypes: true, homogeneousAggregateLiterals: false })
  registerText(environment)
  registerLists(environment)
  registerNetwork(environment)
  registerQuantities(environment)
  registerSemver(environment)
  registerComprehensions(environment)
  base = environment
  return environment
}
