# frozen_string_literal: true

require 'json'
require 'openssl'

# Encrypts an item of a data bag, as `knife data bag create --secret` does (format 1).
module Encrypted
  def self.item(item, secret)
    item.to_h { |key, value| [key, key == 'id' ? value : encrypted(value, secret)] }
  end

  def self.encrypted(value, secret)
    cipher = OpenSSL::Cipher.new('aes-256-cbc').encrypt
    cipher.key = OpenSSL::Digest.digest('SHA256', secret)
    iv = cipher.random_iv
    data = cipher.update(JSON.generate('json_wrapper' => value)) + cipher.final
    { 'encrypted_data' => [data].pack('m'), 'iv' => [iv].pack('m'), 'version' => 1, 'cipher' => 'aes-256-cbc' }
  end
  private_class_method :encrypted
end
