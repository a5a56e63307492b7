/**
 * Amazon Bedrock, through the Converse API, whose streams are binary frames. The key is a Bedrock API key, sent as a
 * bearer token; without one, requests are signed with the access key from the environment. AWS profiles and roles are
 * not read.
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html
 */
import { DeckhandError } from "@deckhand/protocol";
import { firstSet, defaultFormat, type Env, type Provider } from "../provider.ts";

const load = () => import("@ai-sdk/amazon-bedrock");

export const bedrock: Provider = {
  prefixes: ["bedrock", "amazon_bedrock"],
  label: "Amazon Bedrock",
  keyVariables: ["AWS_BEARER_TOKEN_BEDROCK", "AWS_SECRET_ACCESS_KEY"],
  priceListId: "aws",
  isCompatible: false,
  url: (env) =>
    firstSet(env, ["AWS_ENDPOINT_URL_BEDROCK_RUNTIME"]) ?? `https://bedrock-runtime.${region(env)}.amazonaws.com`,
  extra: (env) => ({
    region: region(env),
    accessKeyId: env["AWS_ACCESS_KEY_ID"] ?? "",
    secretAccessKey: env["AWS_SECRET_ACCESS_KEY"] ?? "",
    sessionToken: env["AWS_SESSION_TOKEN"] ?? "",
  }),
  load,
  connect: async ({ model, baseUrl, apiKey, extra }, fetch) => {
    const { createAmazonBedrock } = await load();
    const at = { baseURL: baseUrl, fetch, region: extra["region"] ?? "us-east-1" };
    const { accessKeyId = "", secretAccessKey = "", sessionToken = "" } = extra;
    // The package would take a missing key from the environment, so one of the two is always passed.
    if (apiKey !== undefined && apiKey !== secretAccessKey) return createAmazonBedrock({ ...at, apiKey })(model);
    if (accessKeyId === "") throw new DeckhandError("model_not_configured", noAccessKey);
    const session = sessionToken === "" ? {} : { sessionToken };
    const credentials = { accessKeyId, secretAccessKey, ...session };
    return createAmazonBedrock({ ...at, apiKey: " ", credentialProvider: async () => credentials })(model);
  },
  messageFormat: (model) => ({
    ...defaultFormat,
    cacheMark: /anthropic\.|amazon\.nova/.test(model) ? { amazonBedrock: { cachePoint: { type: "default" } } } : null,
    strict: true,
    // The API takes arguments as objects; text would become an invalid one.
    parsesArguments: true,
  }),
};

const noAccessKey =
  "Bedrock needs AWS_ACCESS_KEY_ID in addition to AWS_SECRET_ACCESS_KEY, or a Bedrock API key in AWS_BEARER_TOKEN_BEDROCK.";

function region(env: Env): string {
  return firstSet(env, ["AWS_REGION", "AWS_REGION_NAME", "AWS_DEFAULT_REGION"]) ?? "us-east-1";
}
