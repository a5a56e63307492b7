/** Marks text from the server in the user role, so that the model does not take it for the user's words. */
export const systemNote = "(System note, not from the user.)";
