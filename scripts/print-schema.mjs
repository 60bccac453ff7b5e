// Prints schema.graphql from the resolvers; with --check, says whether the file is what they print, and changes nothing.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { printContract } from '../dist/graphql/schema.js'

const ROOT = join(import.meta.dirname, '..')
const FILE = join(ROOT, 'schema.graphql')

const printed = printContract()
const kept = await readFile(FILE, 'utf8').catch(() => '')
if (process.argv.includes('--check')) {
  if (kept !== printed) {
    console.error('schema.graphql is stale: run `npm run schema`.')
    process.exitCode = 1
  }
} else if (kept !== printed) {
  await writeFile(FILE, printed)
}
