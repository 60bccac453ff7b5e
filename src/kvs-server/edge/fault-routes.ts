import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { parseFaultRule } from '../faults/fault-rule.js'
import type { Faults } from '../faults/faults.js'
import { COUNTED_OPERATIONS } from '../operations/served-operations.js'
import { AwsException } from '../wire/aws-exception.js'
import { isStructure, parseList, refuse, type WireInput } from '../wire/wire-input.js'
import { parseWireBody } from '../wire/wire-json.js'
import type { Gatekeeper } from './gatekeeper.js'
import { toErrorBody } from './send-json.js'

/** POST adds rules (one, or `{"rules": [...]}`), GET lists them, DELETE removes them. Requests are signed like those of any operation. */
export function registerFaultRoutes(scope: FastifyInstance, faults: Faults, gatekeeper: Gatekeeper): void {
  const route = (act: (body: WireInput) => object) => async (request: FastifyRequest, reply: FastifyReply) => {
    const body = request.body instanceof Uint8Array ? request.body : new Uint8Array(0)
    try {
      gatekeeper(request.raw, body)
      return await reply.send(act(parseWireBody(body)))
    } catch (error) {
      if (!(error instanceof AwsException)) throw error
      const headers = { 'x-amzn-RequestId': request.id, 'x-amzn-ErrorType': error.name }
      return reply.code(error.status).headers(headers).send(toErrorBody(error))
    }
  }
  scope.post(
    '/_faults',
    route((body) => ({ rules: faults.add(parseRules(body).map((rule) => parseFaultRule(rule, COUNTED_OPERATIONS))) })),
  )
  scope.get(
    '/_faults',
    route(() => ({ rules: faults.list() })),
  )
  scope.delete(
    '/_faults',
    route(() => {
      faults.clear()
      return { rules: [] }
    }),
  )
}

function parseRules(body: WireInput): readonly WireInput[] {
  if (!('rules' in body)) return [body]
  return parseList(body, 'rules', { min: 1, max: 100 }).map((rule) => (isStructure(rule) ? rule : refuse('rules', 'a list of rules', rule)))
}
