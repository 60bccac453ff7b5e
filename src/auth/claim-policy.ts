import { FileFields, InvalidFile, parseJson } from './file-fields.js'
import { type Grant, parseGrants } from './grant.js'
import { type Claims, claimValues } from './token-claims.js'

/** Which claim of a token gives which grants. */
interface PolicyRule {
  readonly claim: string
  readonly value: string
  readonly grants: readonly Grant[]
}

const MAX_RULES = 1000
const MAX_TEXT = /^.{1,1024}$/u

/** The rules of ACCESS_POLICY_FILE. */
export class AccessPolicy {
  constructor(private readonly rules: readonly PolicyRule[]) {}

  /** Reads `[{"claim": "groups", "value": "security", "grants": […]}]`. @throws InvalidFile */
  static parse(text: string): AccessPolicy {
    const rules = parseJson(text)
    if (!Array.isArray(rules) || rules.length === 0 || rules.length > MAX_RULES)
      throw new InvalidFile(`The file must be a list of 1 to ${MAX_RULES} rules.`)
    return new AccessPolicy(rules.map((rule: unknown, index) => parseRule(rule, `rule ${index}`)))
  }

  /** The grants of all rules that match. Empty if none does. */
  grantsOf(claims: Claims): readonly Grant[] {
    return this.rules.filter(({ claim, value }) => claimValues(claims, claim).includes(value)).flatMap(({ grants }) => grants)
  }
}

function parseRule(value: unknown, place: string): PolicyRule {
  const fields = new FileFields(value, place, ['claim', 'value', 'grants'])
  return {
    claim: fields.text('claim', MAX_TEXT),
    value: fields.text('value', MAX_TEXT),
    grants: parseGrants(fields.get('grants'), `${place}.grants`),
  }
}
