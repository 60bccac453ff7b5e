import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { readImports } from '../repo/source-imports.js'

interface Statement {
  readonly Effect: string
  readonly Action: string | readonly string[]
  readonly Resource: string
}

const { Statement: statements }: { Statement: readonly Statement[] } = JSON.parse(readFileSync('ops/iam/clipgate-gateway.json', 'utf8'))
const actionsOf = ({ Action }: Statement) => (typeof Action === 'string' ? [Action] : Action)

/** The sources of the gateway: what gateway.ts imports, and what those import. The upload of the command line is not one of them. */
function listGatewaySources(): Set<string> {
  const imports = readImports('src').filter(({ isOwn }) => isOwn)
  const found = new Set(['gateway.ts'])
  for (const from of found) {
    for (const line of imports) if (line.from === from) found.add(line.target.endsWith('.ts') ? line.target : `${line.target}.ts`)
  }
  return found
}

/** Each command of the SDK has the name of its action. */
function listCalls(): Set<string> {
  const texts = [...listGatewaySources()].map((path) => readFileSync(join('src', path), 'utf8'))
  return new Set(texts.flatMap((text) => [...text.matchAll(/new (\w+)Command\(/g)].map(([, name]) => `kinesisvideo:${name}`)))
}

test('the policy of the gateway allows what the gateway calls, and nothing else', () => {
  const calls = listCalls()
  expect(calls.size).toBeGreaterThan(5)
  expect(statements.flatMap(actionsOf).toSorted()).toEqual([...calls].toSorted())
})

test('it is limited to streams, without the one action that has no resource', () => {
  expect(statements.map(({ Effect }) => Effect)).toEqual(['Allow', 'Allow'])
  const unlimited = statements.filter(({ Resource }) => !/^arn:aws:kinesisvideo:[^:]+:[^:]+:stream\//.test(Resource))
  expect(unlimited.flatMap(actionsOf)).toEqual(['kinesisvideo:ListStreams'])
})
