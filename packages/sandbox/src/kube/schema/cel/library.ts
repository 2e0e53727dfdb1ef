/** The one place that names the CEL library. */
export { type ASTNode, Environment, Optional, type ParseResult } from '@marcbachmann/cel-js'
export { Duration } from '@marcbachmann/cel-js/evaluator'
