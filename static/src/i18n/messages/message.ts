// One message of one language.

/** Text, or texts by plural category where a count changes the words. */
export type Message = string | { readonly one?: string; readonly other: string };
