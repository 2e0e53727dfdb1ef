import type { Container, EnvVar, Pod } from './kinds.ts'

/** The data of a Secret or a ConfigMap of the Pod's namespace, decoded; undefined if there is none. */
export type Sources = {
  secret: (name: string) => Promise<Record<string, string> | undefined>
  configMap: (name: string) => Promise<Record<string, string> | undefined>
}

/** What a container's environment is to come from is not there, or not yet; the message is in the words of a kubelet. */
export class MissingSourceError extends Error {
  readonly code = 'MISSING_SOURCE'
  override readonly name = 'MissingSourceError'
}

/** The environment of a container as a kubelet makes it of `envFrom` and `env`. @throws {MissingSourceError} */
export async function environmentOf(container: Container, pod: Pod, sources: Sources): Promise<Record<string, string>> {
  const environment: Record<string, string> = {}
  for (const { prefix = '', secretRef, configMapRef } of container.envFrom ?? []) {
    const ref = secretRef ?? configMapRef
    if (ref === undefined) continue
    const data = secretRef ? await sources.secret(ref.name) : await sources.configMap(ref.name)
    if (data === undefined && !ref.optional)
      throw new MissingSourceError(`${secretRef ? 'secret' : 'configmap'} "${ref.name}" not found`)
    for (const [key, value] of Object.entries(data ?? {})) environment[prefix + key] = value
  }
  for (const variable of container.env ?? []) {
    const value = await valueFor(variable, pod, sources, environment)
    if (value !== undefined) environment[variable.name] = value
  }
  return environment
}

/** `$(NAME)` becomes the variable's value, or stays where there is no such variable; `$$` is a `$`. */
export function expand(text: string, environment: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$\$|\$\(([^)]*)\)/g, (found, name: string) =>
    found === '$$' ? '$' : (environment[name] ?? found),
  )
}

async function valueFor(
  { value, valueFrom }: EnvVar,
  pod: Pod,
  sources: Sources,
  environment: Record<string, string>,
): Promise<string | undefined> {
  if (valueFrom === undefined) return expand(value ?? '', environment)
  const { secretKeyRef, configMapKeyRef, fieldRef } = valueFrom
  if (fieldRef !== undefined) return fieldOf(pod, fieldRef.fieldPath)
  const ref = secretKeyRef ?? configMapKeyRef
  if (ref === undefined) throw new MissingSourceError('valueFrom without secretKeyRef, configMapKeyRef and fieldRef')
  const data = secretKeyRef ? await sources.secret(ref.name) : await sources.configMap(ref.name)
  const found = data?.[ref.key]
  if (found !== undefined || ref.optional) return found
  if (data === undefined)
    throw new MissingSourceError(`${secretKeyRef ? 'secret' : 'configmap'} "${ref.name}" not found`)
  const kind = secretKeyRef ? 'Secret' : 'ConfigMap'
  throw new MissingSourceError(`couldn't find key ${ref.key} in ${kind} ${pod.metadata.namespace}/${ref.name}`)
}

function fieldOf({ metadata }: Pod, path: string): string {
  const [, map, key] = /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(path) ?? []
  if (key !== undefined) return metadata[map as 'labels' | 'annotations']?.[key] ?? ''
  const field = /^metadata\.(name|namespace|uid)$/.exec(path)?.[1]
  if (field === undefined) throw new MissingSourceError(`fieldRef ${path} is not known here`)
  return metadata[field as 'name' | 'namespace' | 'uid']
}
