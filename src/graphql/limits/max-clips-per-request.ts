/** The most inputs of one requestClips: a wall of cameras, and well inside QUERY_MAX_COST's default. */
export const MAX_CLIPS_PER_REQUEST = 25
