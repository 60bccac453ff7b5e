// Makes a recording many times as long without sending it again: what was uploaded stands before itself once more, as rows written straight into
// the index of the embedded KVS, and hard links to its files. The server must not be running.
import { link, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

const FILES_PER_DIRECTORY = 4096
/** A fragment's number begins with the instant at which it came: so many numbers to a millisecond. */
const NUMBERS_PER_MS = 1024

/** The stream's only recording, `lengthMs` long, `times` in all; the last stays where it is. */
export async function repeatRecording(dataDir, { stream, times, lengthMs }) {
  using database = new DatabaseSync(join(dataDir, 'kvs', 'index.sqlite'))
  database.exec('PRAGMA synchronous = OFF')
  const { id } = database.prepare('SELECT id FROM streams WHERE name = ?').get(stream)
  const files = database.prepare('SELECT min(file_id) AS first, max(file_id) AS last FROM fragments').get()
  const count = files.last - files.first + 1
  const firstId = files.first
  database.prepare('UPDATE streams SET created_at_ms = created_at_ms - ? WHERE id = ?').run(times * lengthMs, id)
  for (let copy = 1; copy < times; copy += 1) {
    const ids = copy * count
    const range = { ids, first: firstId, last: files.last }
    insertRows(database, range, { stream: id, back: copy * lengthMs, numbers: copy * lengthMs * NUMBERS_PER_MS })
    for (let n = 0; n < count; n += 1) await linkFile(join(dataDir, 'kvs', 'fragments'), firstId + n, firstId + n + ids)
  }
}

/** Copies of the rows of a range of files, for files whose ids are `ids` more. */
function insertRows(database, range, given) {
  database
    .prepare(
      `INSERT INTO fragments (file_id, stream_id, sequence, nonce, session_id, producer_ms, server_ms, length_ms, size_bytes, cluster_bytes, persisted_ms)
       SELECT file_id + $ids, stream_id, sequence - $numbers, nonce, session_id, producer_ms - $back, server_ms - $back, length_ms, size_bytes,
         cluster_bytes, persisted_ms - $back
       FROM fragments WHERE stream_id = $stream AND file_id BETWEEN $first AND $last`,
    )
    .run({ ...range, ...given })
  database
    .prepare(
      `INSERT INTO fragment_details (file_id, samples, leading_tags, trailing_tags)
       SELECT file_id + $ids, samples, leading_tags, trailing_tags FROM fragment_details WHERE file_id BETWEEN $first AND $last`,
    )
    .run(range)
}

async function linkFile(root, existing, id) {
  const pathOf = (file) => join(root, String(Math.floor(file / FILES_PER_DIRECTORY)), String(file))
  await mkdir(join(root, String(Math.floor(id / FILES_PER_DIRECTORY))), { recursive: true })
  await link(pathOf(existing), pathOf(id))
}
