/** Footage that is sound Matroska but cannot be cut into fragments. Its message is one sentence with the next step. */
export class RecutRefused extends Error {
  override readonly name = 'RecutRefused'
}
