import type { RowProblemCode } from '@parapet/contracts/training-row';

/** Short names of the codes, for people; the code itself is shown beside. */
export const problemNames: Record<RowProblemCode, string> = {
  data_type: 'Wrong type',
  missing_messages_list: 'No messages list',
  message_missing_key: 'Message lacks a key',
  message_unrecognized_key: 'Unknown key in a message',
  unrecognized_role: 'Unknown role',
  missing_content: 'No content',
  example_missing_assistant_message: 'No assistant message',
  too_few_rows: 'Too few rows',
  invalid_json: 'Not JSON',
  json_array_not_lines: 'An array, not lines',
  invalid_encoding: 'Not UTF-8',
  unrecognized_key: 'Unknown key',
  missing_prompt_or_completion: 'Prompt or completion missing',
  empty_completion: 'Empty completion',
  row_too_long: 'Row too long',
  duplicate_row: 'Duplicate',
  line_too_long: 'Line too long',
  missing_column: 'Column missing',
};
