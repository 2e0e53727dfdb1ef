const KUBE_VERSION = /^v([1-9]\d*)(?:(alpha|beta)([1-9]\d*))?$/
const STAGES = ['alpha', 'beta', undefined]

/** Orders versions as Kubernetes prefers them: v2, v1, v1beta2, v1beta1, v1alpha1, then other names by the alphabet. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [KUBE_VERSION.exec(a), KUBE_VERSION.exec(b)]
  if (left === null || right === null) {
    if (left !== null) return -1
    if (right !== null) return 1
    return a < b ? -1 : a > b ? 1 : 0
  }
  const byStage = STAGES.indexOf(right[2]) - STAGES.indexOf(left[2])
  if (byStage !== 0) return byStage
  const byMajor = Number(right[1]) - Number(left[1])
  return byMajor !== 0 ? byMajor : Number(right[3] ?? 0) - Number(left[3] ?? 0)
}
