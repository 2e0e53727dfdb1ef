import { expect, test } from 'vitest'
import { describeKubectl, type Kubectl, rows } from './support.ts'

const SPEC = `
            type: object
            required: [size]
            x-kubernetes-validations: [{rule: "!has(self.replicas) || self.replicas < 10", message: too many}]
            properties:
              size: {type: string, enum: [small, large], description: How big.}
              replicas: {type: integer, minimum: 0, default: 1}`

/** One version of the CRD below. */
function version(name: string, { storage = false, column = 'Size', spec = SPEC } = {}): string {
  return `
  - name: ${name}
    served: true
    storage: ${storage}
    subresources: {status: {}, scale: {specReplicasPath: .spec.replicas, statusReplicasPath: .status.replicas}}
    additionalPrinterColumns:
    - {name: ${column}, type: string, jsonPath: .spec.size}
    - {name: Replicas, type: integer, jsonPath: .spec.replicas, priority: 1}
    selectableFields: [{jsonPath: .spec.size}]
    schema:
      openAPIV3Schema:
        type: object
        description: A widget of ${name}.
        required: [spec]
        properties:
          spec: ${spec}
          status: {type: object, x-kubernetes-preserve-unknown-fields: true}`
}

const V1 = version('v1', { storage: true })

function crd(...versions: string[]): string {
  return `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.io}
spec:
  group: example.io
  scope: Namespaced
  names: {plural: widgets, singular: widget, kind: Widget, shortNames: [wd], categories: [all]}
  versions:${versions.join('')}
`
}

function widget(name: string, spec: string, apiVersion = 'v1'): string {
  return `apiVersion: example.io/${apiVersion}\nkind: Widget\nmetadata: {name: ${name}}\nspec: {${spec}}\n`
}

await describeKubectl('with custom resources', (kubectls) => {
  /** A workspace that serves widgets. */
  async function established(): Promise<Kubectl> {
    const kubectl = await kubectls.workspace()
    expect(await kubectl.apply(crd(V1))).toBe(
      'customresourcedefinition.apiextensions.k8s.io/widgets.example.io created',
    )
    expect(await kubectl.ok('wait crd/widgets.example.io --for=condition=Established --timeout=20s')).toBe(
      'customresourcedefinition.apiextensions.k8s.io/widgets.example.io condition met',
    )
    return kubectl
  }

  test.concurrent('get knows their short names, categories, columns and selectable fields', async () => {
    const kubectl = await established()
    expect(await kubectl.apply(`${widget('a', 'size: small')}---\n${widget('b', 'size: large')}`)).toBe(
      'widget.example.io/a created\nwidget.example.io/b created',
    )
    const table = [
      ['NAME', 'SIZE'],
      ['a', 'small'],
      ['b', 'large'],
    ]
    expect(rows(await kubectl.ok('get wd'))).toEqual(table)
    expect(rows(await kubectl.ok('get all'))).toEqual(table)
    expect(rows(await kubectl.ok('get widget a -o wide'))[0]).toEqual(['NAME', 'SIZE', 'REPLICAS'])
    expect(await kubectl.ok('get wd --field-selector spec.size=large -o name')).toBe('widget.example.io/b')
    expect(await kubectl.fails('get wd --field-selector spec.replicas=1')).toContain(
      'field label not supported: spec.replicas',
    )
    expect(await kubectl.ok('api-resources --api-group=example.io --no-headers')).toMatch(
      /^widgets +wd +example.io\/v1 +true +Widget$/,
    )
    expect(await kubectl.ok('describe wd a')).toMatch(
      /Spec:\n {2}Replicas: {2}1\n {2}Size: {6}small\nEvents: {2,}<none>$/,
    )
  })

  test.concurrent('explain shows their schema', async () => {
    const kubectl = await established()
    const explained = await kubectl.ok('explain widget')
    expect(explained).toContain('GROUP:      example.io\nKIND:       Widget\nVERSION:    v1\n')
    expect(explained).toContain('    A widget of v1.')
    expect(await kubectl.ok('explain wd.spec --recursive')).toContain(
      'FIELDS:\n  replicas\t<integer>\n  size\t<string> -required-\n  enum: small, large',
    )
    expect(await kubectl.ok('explain wd.spec.size')).toContain('FIELD: size <string>\nENUM:\n    small\n    large\n')
    expect(await kubectl.fails('explain wd --api-version=example.io/v2')).toBe(
      'error: couldn\'t find resource for "example.io/v2, Resource=widgets"',
    )
  })

  test.concurrent('apply is refused where the schema or its rules say so', async () => {
    const kubectl = await established()
    await kubectl.file('w.yaml', widget('a', 'size: huge'))
    expect(await kubectl.fails('apply -f w.yaml')).toBe(
      'The Widget "a" is invalid: \n* spec.size: Unsupported value: "huge": supported values: "small", "large"\n' +
        '* <nil>: Invalid value: null: some validation rules were not checked because the object was invalid; ' +
        'correct the existing errors to complete validation',
    )
    await kubectl.file('w.yaml', widget('a', 'size: small, replicas: 12'))
    expect(await kubectl.fails('apply -f w.yaml')).toBe(
      'The Widget "a" is invalid: spec: Invalid value: "object": too many',
    )
    await kubectl.file('w.yaml', widget('a', 'size: small, colour: red'))
    expect(await kubectl.fails('apply -f w.yaml')).toContain(
      'Widget in version "v1" cannot be handled as a Widget: strict decoding error: unknown field "spec.colour"',
    )
    expect(await kubectl.fails('apply -f w.yaml --server-side')).toBe(
      'Error from server: failed to create typed patch object (default/a; example.io/v1, Kind=Widget): ' +
        '.spec.colour: field not declared in schema',
    )
    expect(await kubectl.ok('apply -f w.yaml --validate=ignore')).toBe('widget.example.io/a created')
    expect(await kubectl.ok('get wd a -o jsonpath={.spec}')).toBe('{"replicas":1,"size":"small"}')
  })

  test.concurrent('scale and the other subresources are changed on their own', async () => {
    const kubectl = await established()
    await kubectl.apply(widget('a', 'size: small'))
    expect(await kubectl.ok('scale wd a --replicas=3')).toBe('widget.example.io/a scaled')
    expect(await kubectl.fails('scale wd a --replicas=5 --current-replicas=4')).toBe(
      'error: Expected replicas to be 4, was 3',
    )
    expect(await kubectl.fails('scale wd a --replicas=13')).toBe(
      'The Widget "a" is invalid: spec: Invalid value: "object": too many',
    )
    expect(await kubectl.ok('get wd a --subresource=scale -o jsonpath={.kind}{.spec}')).toBe('Scale{"replicas":3}')
    const patch = (subresource: string, body: object) =>
      kubectl.ok(`patch wd a --type=merge --subresource=${subresource} -p`, JSON.stringify(body))
    expect(await patch('scale', { spec: { replicas: 4 } })).toBe('scale.autoscaling/a patched')
    const conditions = [{ type: 'Ready', status: 'False' }]
    expect(await patch('status', { spec: { replicas: 9 }, status: { conditions } })).toBe('widget.example.io/a patched')
    expect(await kubectl.ok('get wd a -o jsonpath={.spec.replicas}')).toBe('4')
    const ready = kubectl.ok('wait wd/a --for=condition=Ready --timeout=20s')
    await kubectl.editor(`sed -i 's/status: "False"/status: "True"/' $1`)
    expect(await kubectl.ok('edit wd a --subresource=status')).toBe('widget.example.io/a edited')
    expect(await ready).toBe('widget.example.io/a condition met')
    expect(await kubectl.fails('patch wd a -p', '{"spec":{"replicas":4}}')).toContain(
      'application/strategic-merge-patch+json is not supported by example.io/v1, Kind=Widget',
    )
    expect(await kubectl.fails('scale cm kube-root-ca.crt --replicas=1')).toContain(
      'the server could not find the requested resource',
    )
  })

  test.concurrent('a new version is served, with columns and a description of its own', async () => {
    const kubectl = await established()
    await kubectl.apply(widget('a', 'size: small'))
    const both = crd(V1, version('v2', { column: 'Extent' }))
    expect(await kubectl.apply(both)).toBe(
      'customresourcedefinition.apiextensions.k8s.io/widgets.example.io configured',
    )
    // kubectl asks for discovery again where it does not find a version.
    expect(rows(await kubectl.ok('get widgets.v2.example.io'))).toEqual([
      ['NAME', 'EXTENT'],
      ['a', 'small'],
    ])
    expect(rows(await kubectl.ok('get widgets.v1.example.io'))[0]).toEqual(['NAME', 'SIZE'])
    expect(await kubectl.ok('explain wd --api-version=example.io/v2')).toContain('    A widget of v2.')
    expect(await kubectl.apply(widget('b', 'size: large', 'v2'))).toBe('widget.example.io/b created')
    expect(await kubectl.ok('get widgets.v1.example.io b -o jsonpath={.apiVersion}')).toBe('example.io/v1')
    await kubectl.apply(crd(V1.replace('name: Size', 'name: Measure')))
    expect(rows(await kubectl.ok('get widgets.v1.example.io'))[0]).toEqual(['NAME', 'MEASURE'])
  })

  test.concurrent('a tightened schema leaves what is there alone, and refuses what is new', async () => {
    const kubectl = await established()
    await kubectl.apply(widget('a', 'size: large'))
    await kubectl.apply(crd(V1.replace('[small, large]', '[small]')))
    // Ratcheting: what was not valid before may stay.
    expect(await kubectl.ok('label wd a x=y')).toBe('widget.example.io/a labeled')
    expect(await kubectl.fails('patch wd a --type=merge -p', '{"spec":{"size":"tiny"}}')).toContain(
      '* spec.size: Unsupported value: "tiny": supported values: "small"\n',
    )
    await kubectl.file('w.yaml', widget('b', 'size: large'))
    expect(await kubectl.fails('create -f w.yaml')).toContain(
      '* spec.size: Unsupported value: "large": supported values: "small"\n',
    )
  })

  test.concurrent('definitions that cannot be are refused, and go with their objects', async () => {
    const kubectl = await established()
    const refusal = async (text: string) => {
      await kubectl.file('bad.yaml', text)
      return kubectl.fails('apply -f bad.yaml')
    }
    const invalid = 'The CustomResourceDefinition "widgets.example.io" is invalid: '
    expect(await refusal(crd(V1).replace('scope: Namespaced', 'scope: Cluster'))).toBe(
      `${invalid}spec.scope: Invalid value: "Cluster": field is immutable`,
    )
    expect(await refusal(crd(V1).replace('storage: true', 'storage: false'))).toContain(
      'must have exactly one version marked as storage version',
    )
    expect(await refusal(crd(V1).replace('{type: integer, minimum', '{type: intger, minimum'))).toContain(
      'Unsupported value: "intger": supported values: "array", "boolean", "integer", "number", "object", "string"',
    )
    await kubectl.apply(widget('a', 'size: small'))
    expect(await kubectl.ok('delete crd widgets.example.io')).toBe(
      'customresourcedefinition.apiextensions.k8s.io "widgets.example.io" deleted',
    )
    expect(await kubectl.fails('get wd')).toContain('the server could not find the requested resource')
    await kubectl.apply(crd(V1))
    await kubectl.ok('wait crd/widgets.example.io --for=condition=Established --timeout=20s')
    expect(await kubectl.ok('get widgets.v1.example.io -o name')).toBe('')
  })
})
