import { type Sandbox, startSandbox } from '@resource-broker/sandbox'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bind, createExport, OLD_APIS, widgetSchema } from './exports-support.ts'
import { type Api, adminOf, createWorkspace, type Json, messageOf } from './support.ts'

const SCHEMA = 'v1.widgets.example.io'
const WIDGETS = (version: string) => `apis/example.io/${version}/namespaces/default/widgets`

let sandbox: Sandbox
let admin: Api
let provider: string

beforeAll(async () => {
  sandbox = await startSandbox()
  admin = adminOf(sandbox)
  provider = (await createWorkspace(admin, 'root', 'provider', { type: 'universal' })).spec.cluster
  const text = { type: 'string' }
  const version = (name: string, fields: object) => ({
    ...{ name, served: true, storage: name === 'v1' },
    schema: { type: 'object', properties: { spec: { type: 'object', properties: fields } } },
  })
  const name = { type: 'object', properties: { first: text } }
  const versions = [version('v1', { firstName: text }), version('v2', { name, age: { type: 'integer' } })]
  const schema = widgetSchema(SCHEMA) as { spec: Json }
  const spec = { ...schema.spec, versions, conversion: { strategy: 'None' } }
  await admin.create(`/clusters/${provider}/${OLD_APIS}/apiresourceschemas`, { ...schema, spec })
})
afterAll(() => sandbox.close())

function conversion(name: string, transformation?: string): object {
  const rule = { field: '.spec.firstName', destination: '.spec.name.first', ...(transformation && { transformation }) }
  const back = { field: '.spec.name.first', destination: '.spec.firstName' }
  return {
    apiVersion: 'apis.kcp.io/v1alpha1',
    kind: 'APIConversion',
    metadata: { name },
    spec: {
      conversions: [
        { from: 'v1', to: 'v2', rules: [rule] },
        { from: 'v2', to: 'v1', rules: [back], preserve: ['.spec.age'] },
      ],
    },
  }
}

test('4.8 the name is that of a schema, and the rules can be run on it', async () => {
  const path = `/clusters/${provider}/${OLD_APIS}/apiconversions`
  const nameless = await admin.call('POST', path, { body: conversion('v1.gadgets.example.io') })
  expect([nameless.status, messageOf(nameless)]).toEqual([
    403,
    expect.stringContaining('error getting APIResourceSchema v1.gadgets.example.io'),
  ])
  const broken = await admin.call('POST', path, { body: conversion(SCHEMA, 'self +') })
  expect([broken.status, messageOf(broken)]).toEqual([
    403,
    expect.stringContaining('spec.conversions[0].rules[0].transformation: Invalid value: "self +"'),
  ])
})

test('4.8 objects are converted by the rules, and fields that a version has not are preserved', async () => {
  await admin.create(`/clusters/${provider}/${OLD_APIS}/apiconversions`, conversion(SCHEMA, 'self.upperAscii()'))
  await createExport(admin, provider, 'people')
  const cluster = (await createWorkspace(admin, 'root', 'consumer', { type: 'universal' })).spec.cluster
  const { status } = await bind(admin, cluster, ['root:provider', 'people'])
  expect(status?.['boundResources']).toMatchObject([{ storageVersions: ['v1'] }])
  const at = (version: string, name = '') => `/clusters/${cluster}/${WIDGETS(version)}${name && `/${name}`}`
  const object = (version: string, name: string, spec: Json) => ({
    ...{ apiVersion: `example.io/${version}`, kind: 'Widget', metadata: { name }, spec },
  })
  await admin.create(at('v1'), object('v1', 'ada', { firstName: 'ada' }))
  expect((await admin.get(at('v2', 'ada'))).spec).toEqual({ name: { first: 'ADA' } })
  await admin.create(at('v2'), object('v2', 'bob', { name: { first: 'BOB' }, age: 36 }))
  const old = await admin.get(at('v1', 'bob'))
  expect(old.spec).toEqual({ firstName: 'BOB' })
  expect(old.metadata.annotations).toMatchObject({ 'preserve.conversion.apis.kcp.io/v2': '{"spec.age":36}' })
  const back = await admin.get(at('v2', 'bob'))
  expect(back.spec).toEqual({ name: { first: 'BOB' }, age: 36 })
  expect(back.metadata.annotations).not.toHaveProperty(['preserve.conversion.apis.kcp.io/v2'])
  await admin.merge(at('v1', 'bob'), { metadata: { labels: { a: 'b' } } })
  expect((await admin.get(at('v2', 'bob'))).spec).toEqual({ name: { first: 'BOB' }, age: 36 })
})
