export const packageName = '@tiebeam/distribution'
