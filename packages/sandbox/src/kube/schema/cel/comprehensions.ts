import { type ASTNode, type Environment, Optional } from './library.ts'

/** What the library hands to macros; it declares none of it. */
type TypeDecl = { kind: string; name: string; keyType?: TypeDecl; valueType?: TypeDecl }
type Scope = {
  forkWithVariable: (name: string, type: TypeDecl) => Scope
  reuse: (parent: Scope) => Scope
  setIterValue: (value: unknown, evaluator: Evaluator) => Scope
}
type Checker = {
  check: (node: ASTNode, scope: Scope) => TypeDecl
  getType: (name: string) => TypeDecl
  createError: (code: string, message: string, node: ASTNode) => Error
}
type Evaluator = { run: (node: ASTNode, scope: Scope) => unknown }
type MacroCall = { ast: ASTNode; args: ASTNode[]; receiver: ASTNode }

/** How results of the body become the result of the whole; `done` ends the loop. */
type Fold = {
  type: (checker: Checker, body: readonly TypeDecl[], key: TypeDecl) => TypeDecl
  run: (each: (visit: (key: unknown, body: (at: number) => unknown) => boolean) => void) => unknown
}

const dynList = (checker: Checker, [, last]: readonly TypeDecl[], first: TypeDecl | undefined) =>
  checker.getType(`list<${(last ?? first)?.name ?? 'dyn'}>`)

const FOLDS: Readonly<Record<string, Fold>> = {
  all: { type: (checker) => checker.getType('bool'), run: (each) => quantify(each, false) },
  exists: { type: (checker) => checker.getType('bool'), run: (each) => quantify(each, true) },
  existsOne: { type: (checker) => checker.getType('bool'), run: (each) => count(each) === 1 },
  exists_one: { type: (checker) => checker.getType('bool'), run: (each) => count(each) === 1 },
  transformList: {
    type: (checker, body) => dynList(checker, body, body[0]),
    run: (each) => {
      const list: unknown[] = []
      each((_, body) => Boolean(list.push(body(0))))
      return list
    },
  },
  transformMap: {
    type: (checker, body, key) => checker.getType(`map<${key.name}, ${body[0]?.name ?? 'dyn'}>`),
    run: (each) => {
      const map = new Map<unknown, unknown>()
      each((key, body) => Boolean(map.set(key, body(0))))
      return map
    },
  },
}

/** Comprehensions of two variables (index or key, and value), and the optional's `optMap` and `optFlatMap`. */
export function registerComprehensions(environment: Environment): void {
  for (const name of Object.keys(FOLDS))
    environment.registerFunction(`list.${name}(ast, ast, ast): dyn`, macroOf(name, false))
  for (const name of ['transformList', 'transformMap']) {
    environment.registerFunction(`list.${name}(ast, ast, ast, ast): dyn`, macroOf(name, true))
  }
  environment.registerFunction('optional.optMap(ast, ast): optional<dyn>', optionalMacro(false))
  environment.registerFunction('optional.optFlatMap(ast, ast): optional<dyn>', optionalMacro(true))
}

function macroOf(name: string, filtered: boolean): (call: MacroCall) => unknown {
  const fold = FOLDS[name] as Fold
  return ({ args, receiver }) => {
    const names = [identifier(args[0]), identifier(args[1])] as const
    const filter = filtered ? args[2] : undefined
    const body = args[filtered ? 3 : 2] as ASTNode
    let scopes: readonly [Scope, Scope] | undefined
    return {
      async: false,
      children: [receiver, body, ...(filter === undefined ? [] : [filter])],
      typeCheck(checker: Checker, _macro: unknown, scope: Scope) {
        const [keyType, valueType] = variableTypes(checker, receiver, scope)
        const outer = scope.forkWithVariable(names[0], keyType)
        scopes = [outer, outer.forkWithVariable(names[1], valueType)]
        if (filter !== undefined) checker.check(filter, scopes[1])
        return fold.type(checker, [checker.check(body, scopes[1])], keyType)
      },
      evaluate(evaluator: Evaluator, _macro: unknown, scope: Scope) {
        const [outer, inner] = scopes as readonly [Scope, Scope]
        const entries = entriesOf(evaluator.run(receiver, scope))
        return fold.run((visit) => {
          for (const [key, value] of entries) {
            const at = inner.reuse(outer.reuse(scope).setIterValue(key, evaluator)).setIterValue(value, evaluator)
            if (filter !== undefined && evaluator.run(filter, at) !== true) continue
            if (!visit(key, () => evaluator.run(body, at))) return
          }
        })
      },
    }
  }
}

function identifier(node: ASTNode | undefined): string {
  if (node?.op === 'id') return node.args
  throw new Error('argument must be a simple name')
}

function variableTypes(checker: Checker, receiver: ASTNode, scope: Scope): readonly [TypeDecl, TypeDecl] {
  const type = checker.check(receiver, scope)
  const dyn = checker.getType('dyn')
  if (type.kind === 'list') return [checker.getType('int'), type.valueType ?? dyn]
  if (type.kind === 'map') return [type.keyType ?? dyn, type.valueType ?? dyn]
  if (type.kind === 'dyn') return [dyn, dyn]
  throw checker.createError(
    'invalid_comprehension_range',
    `expression of type '${type.name}' cannot be range of a comprehension (must be list, map, or dynamic)`,
    receiver,
  )
}

function entriesOf(value: unknown): readonly (readonly [unknown, unknown])[] {
  if (Array.isArray(value)) return value.map((item, index) => [BigInt(index), item] as const)
  return value instanceof Map ? [...value] : Object.entries(value as object)
}

/** An error of one element does not count where another element decides. */
function quantify(each: Parameters<Fold['run']>[0], decisive: boolean): boolean {
  let failure: unknown
  let decided = false
  each((_, body) => {
    try {
      decided = body(0) === decisive
    } catch (error) {
      failure ??= error
    }
    return !decided
  })
  if (decided) return decisive
  if (failure !== undefined) throw failure
  return !decisive
}

function count(each: Parameters<Fold['run']>[0]): number {
  let matching = 0
  each((_, body) => {
    if (body(0) === true) matching++
    return true
  })
  return matching
}

function optionalMacro(flat: boolean): (call: MacroCall) => unknown {
  return ({ args, receiver }) => {
    const name = identifier(args[0])
    const body = args[1] as ASTNode
    let inner: Scope | undefined
    return {
      async: false,
      children: [receiver, body],
      typeCheck(checker: Checker, _macro: unknown, scope: Scope) {
        const type = checker.check(receiver, scope)
        inner = scope.forkWithVariable(name, type.valueType ?? checker.getType('dyn'))
        const result = checker.check(body, inner)
        return flat ? result : checker.getType(`optional<${result.name}>`)
      },
      evaluate(evaluator: Evaluator, _macro: unknown, scope: Scope) {
        const optional = evaluator.run(receiver, scope) as Optional
        if (!optional.hasValue()) return Optional.none()
        const at = (inner as Scope).reuse(scope).setIterValue(optional.value(), evaluator)
        const result = evaluator.run(body, at)
        return flat ? result : Optional.of(result)
      },
    }
  }
}
