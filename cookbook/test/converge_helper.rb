# frozen_string_literal: true

require_relative 'support/etcd'
require_relative 'support/machine'

Encoding.default_external = Encoding::UTF_8

RSpec.configure do |config|
  config.raise_errors_for_deprecations!
  # `--tag long` runs these, as script/prove does.
  config.filter_run_excluding long: true
  config.after(:suite) { Etcd.shared.stop }
  config.before { Etcd.shared.delete_everything }
  config.after { machines.each(&:remove) }
  config.include(
    Module.new do
      def etcd
        Etcd.shared
      end

      # Skips the example because this machine lacks something, and adds it to the summary of `script/test`.
      def not_run(what, why)
        line = "cookbook: #{what}: #{why}"
        File.write(ENV['RECONF_NOT_RUN'], "#{line}\n", mode: 'a') if ENV.key?('RECONF_NOT_RUN')
        skip("NOT RUN: #{line}")
      end

      def machines
        @machines ||= []
      end

      # The announced value of a name, by `service@node`.
      def announced(name, whose)
        (etcd.get("/reconf/v1/default/provides/#{name}/default/#{whose}") || {})['value']
      end

      # Changes a datastore in the attribute file of a machine's repository.
      def rotate(node, name, value)
        node.edit('cookbooks/configuration/attributes/datastores.rb') { |text| text.sub(/(?<=\['#{name}'\] = ').*(?=')/, value) }
      end

      # Creates a machine that is removed after the example.
      def machine(name, registry: etcd.url, **what)
        machines << Machine.new(name, registry: registry, **what)
        machines.last
      end
    end
  )
end
