# What `twurl authorize` and `twurl` do, with the library that they do it with: the gem oauth. The gem twurl itself is in
# no registry that the checks install from. Speaks with with_twurl.py by lines: tells where to decide, is told the PIN,
# then tells what came of each call.

require "json"
require "oauth"

consumer = OAuth::Consumer.new(
  ENV.fetch("GUISE_CONSUMER_KEY"), ENV.fetch("GUISE_CONSUMER_SECRET"),
  site: ENV.fetch("GUISE_SITE"), ca_file: ENV.fetch("GUISE_CA")
)
request_token = consumer.get_request_token

# The page's address is a signed request, with its parameters in the query.
pin_parameters = { "oauth_callback" => "oob" }
signed = consumer.create_signed_request(:get, consumer.authorize_path, request_token, pin_parameters)
query = signed["Authorization"].sub(/^OAuth\s+/, "").split(/,\s+/).map do |pair|
  name, value = pair.split("=")
  "#{name}=#{value.delete('"')}"
end
puts "#{consumer.site}#{signed.path}?#{query.join("&")}"
$stdout.flush

access_token = request_token.get_access_token(oauth_verifier: $stdin.gets.strip)

def told(answer)
  { "status" => answer.code.to_i, "body" => answer.body.empty? ? nil : JSON.parse(answer.body) }
end

body = JSON.generate({ custom_profile: { name: "Zoë & Co = 100%", avatar: { media: { id: "1" } } } })
puts JSON.generate(
  "access_token" => access_token.params.transform_keys(&:to_s).slice("user_id", "screen_name"),
  "get" => told(access_token.get("/1.1/account/verify_credentials.json?skip_status=true")),
  "form" => told(access_token.post("/1.1/account/settings.json", { "allow_dms_from" => "all", "lang" => "a b&c=ü" })),
  "json" => told(access_token.post("/1.1/custom_profiles/new.json", body, { "Content-Type" => "application/json" })),
)
