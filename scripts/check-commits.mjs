// Fails when a commit subject is longer than 72 characters. Usage: node scripts/check-commits.mjs [RANGE]
import { execFileSync } from 'node:child_process'

const MAX_SUBJECT_LENGTH = 72
/** The last commit before the rule. Earlier subjects are longer. */
const FIRST_CHECKED = '9069c6e'

function git(...args) {
  return execFileSync('git', args, { encoding: 'utf8' })
}

function defaultRange() {
  try {
    git('merge-base', '--is-ancestor', FIRST_CHECKED, 'HEAD')
    return `${FIRST_CHECKED}..HEAD`
  } catch {
    // A shallow clone does not hold the history. The newest commit is always there.
    return '-1'
  }
}

const subjects = git('log', '--format=%h %s', process.argv[2] ?? defaultRange())
  .split('\n')
  .filter((line) => line !== '')
const long = subjects.filter((line) => line.slice(line.indexOf(' ') + 1).length > MAX_SUBJECT_LENGTH)
if (long.length > 0) {
  console.error(`Shorten these commit subjects to ${MAX_SUBJECT_LENGTH} characters:\n${long.join('\n')}`)
  process.exitCode = 1
}
